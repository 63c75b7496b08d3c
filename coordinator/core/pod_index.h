// The pods of one cluster, found by name, by node and by controller. Every change costs O(log pods); no
// question scans all.
#pragma once

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "coordinator/core/facts.h"

namespace evenkeel::coordinator {

// A pod's name within one cluster.
struct PodName {
  std::string name_space;
  std::string name;
  auto operator<=>(const PodName&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

// The pods of one controller, as recovery and rebalancing count them. A pod that is being deleted is in none
// of the sets.
struct ControllerPods {
  std::map<std::string, std::set<PodName>> ready;  // by node; Ready, or finished well (a Job's)
  size_t ready_total = 0;
  std::set<PodName> waiting;  // not (yet) Ready
};

class PodIndex {
 public:
  // Puts the pod in place of what was known of it.
  void Put(const PodName& name, const PodFacts& facts);
  void Erase(const PodName& name);

  const PodFacts* Find(const PodName& name) const;                              // null: not known
  const std::set<PodName>& OnNode(const std::string& node) const;               // empty when there are none
  const ControllerPods& OfController(const std::string& controller_uid) const;  // the same
  // What the pods that are bound to a node ask for, together; those that have ended or are being deleted ask
  // for nothing, nor do placeholders (burst/headroom.h).
  const Resources& LoadOf(const std::string& node) const;
  // What those that are being deleted hold still: until a kubelet has them gone the scheduler counts them.
  const Resources& HeldByGoing(const std::string& node) const;
  // What those that may burst (burst/bursts.h: HasBurst) and are bound to the node ask for, together; those
  // that have ended or are being deleted ask for nothing.
  const Resources& BurstTo(const std::string& node) const;
  // Pods of a controller that are Ready on any node but this one.
  size_t ReadyElsewhere(const std::string& controller_uid, const std::string& node) const;
  size_t ReadyOn(const std::string& controller_uid, const std::string& node) const;

  // What a checkpoint holds (common/base/bytes_of.h); the rest follows from it.
  template <typename Self>
  static auto Parts(Self& self) {
    return std::tie(self.pods_);
  }
  void PartsChanged();

 private:
  void Add(const PodName& name, const PodFacts& facts);
  void Remove(const PodName& name, const PodFacts& facts);

  std::map<PodName, PodFacts> pods_;
  std::map<std::string, std::set<PodName>> by_node_;
  std::map<std::string, ControllerPods> by_controller_;
  std::map<std::string, Resources> load_;  // by node; the same of those that go:
  std::map<std::string, Resources> going_;
  std::map<std::string, Resources> burst_;
};

}  // namespace evenkeel::coordinator
