// What is known of one cluster's nodes, pods and claims, and who is told of a change: the core what its
// planners ask about, the fleet's observer all that is shown. Neither hears of an object again before
// something changed that it is told about.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/kube/kubernetes_api.h"
#include "coordinator/observe/fleet_observer.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

// Memory: each object as it is shown, once. One thread at a time. `sink` and `fleet` must outlive it.
class ClusterPicture {
 public:
  ClusterPicture(std::string cluster, EventSink& sink, FleetObserver& fleet)
      : cluster_(std::move(cluster)), sink_(sink), fleet_(fleet) {}

  void OnNode(const kube::Json& node);
  void OnNodeGone(const kube::ObjectName& name);
  void OnPod(const kube::Json& pod);
  void OnPodGone(const kube::ObjectName& name);
  // A claim may come, change or go after the pods that use it: they are told anew.
  void OnClaim(const kube::Json& claim);
  void OnClaimGone(const kube::ObjectName& name);

 private:
  using Name = std::pair<std::string, std::string>;  // namespace, name

  struct PodEntry {
    ObservedPod pod;
    std::vector<std::string> claims;
  };

  std::vector<std::string> ExclusiveAmong(const std::string& name_space,
                                          const std::vector<std::string>& claims) const;
  void TellPod(PodEntry& entry, const ObservedPod& now);
  void TellUsersOf(const Name& claim);
  void ForgetUses(const Name& pod, const std::vector<std::string>& claims);

  const std::string cluster_;
  EventSink& sink_;
  FleetObserver& fleet_;
  std::map<std::string, ObservedNode> nodes_;
  std::map<Name, PodEntry> pods_;
  std::map<Name, bool> claims_;           // whether exclusive
  std::map<Name, std::set<Name>> users_;  // pods by the claim that they use, known or not
};

}  // namespace evenkeel::coordinator
