// The workloads that the core asked for and their pods: which pod is whose, and who is told of a change. Fed
// by ClusterPicture with every pod it knows, and by WorkloadWatch with what scale subresources say. The core
// does not hear of anything again before something changed that it is told about.
//
// Costs: a pod's change O(log n) and the selectors that its labels may match (found by their anchors); a new
// selector O(pods of its namespace).
//
// One thread at a time: the API's. `sink` must outlive it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/scale/workload_facts.h"
#include "coordinator/observe/selector.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

// A pod as far as workloads ask about it. Pure; any field may be missing.
struct SelectablePod {
  std::string name_space;
  std::string uid;
  std::map<std::string, std::string> labels;
  WorkloadPodFacts facts;
  bool operator==(const SelectablePod&) const = default;
};
SelectablePod SelectablePodFrom(const kube::Json& pod);

// What an object of kind Scale (autoscaling/v1) says. `selector`: its status.selector, as text.
struct ScaleSubresource {
  std::string uid;
  int64_t replicas = 0;
  int64_t status_replicas = 0;
  std::string selector;
};
ScaleSubresource ScaleFrom(const kube::Json& scale);

class WorkloadPicture {
 public:
  WorkloadPicture(std::string cluster, EventSink& sink);

  void OnPod(const kube::Json& pod);
  void OnPodGone(const kube::ObjectName& name);

  // The workload is watched: what is known of it is told from now on, and all of it once more where it was
  // watched already.
  void Watch(const Workload& workload);
  void Unwatch(const Workload& workload);
  void OnScale(const Workload& workload, const ScaleSubresource& scale);
  void OnWorkloadGone(const Workload& workload, const std::string& reason);

 private:
  struct Entry {
    std::optional<WorkloadFacts> facts;
    std::optional<Selector> selector;
    std::string selector_text;
    std::set<std::string> pods;  // uids, as told
  };

  const std::string cluster_;
  EventSink& sink_;
  std::map<Workload, Entry> workloads_;
  std::map<kube::ObjectName, SelectablePod> pods_;
};

}  // namespace evenkeel::coordinator
