// Kubernetes as far as scaling depends on it: the scale subresources of Deployments and StatefulSets, the
// controllers' choice of who goes when replicas drop, HorizontalPodAutoscalers (which only stand there: what
// one would do is nobody's question here), and what the watches of all that show to who asked for them.
//
// It reads the pods of the KubernetesModel that it is a part of, and changes none: who is to come and to go
// is the controllers' business there.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/workload_spec.h"

namespace evenkeel::simulation {

class ScaleModel {
 public:
  // All outlive it.
  struct Surroundings {
    std::string cluster;
    Schedule& schedule;
    const Knobs& knobs;
    Dice& dice;
    const std::map<std::string, WorkloadSpec>& workloads;
    const std::map<std::string, coordinator::PodFacts>& pods;  // by name
    std::function<bool()> reached;                             // the coordinator has a way to the API server
    std::function<void(coordinator::Event)> tell;
    // spec.replicas of the workload is to be another number.
    std::function<void(const std::string& workload, uint32_t replicas)> set;
  };
  explicit ScaleModel(Surroundings surroundings) : around_(std::move(surroundings)) {}

  // ---- the coordinator's watches ----
  void Watch(const coordinator::WatchWorkload& request);
  void Unwatch(const coordinator::UnwatchWorkload& request);
  void Forget();  // a process begins: it has asked for nothing yet, and has been told nothing
  // As after a start or an outage: autoscalers first, then the workloads that are watched, with their pods.
  void TellAll();
  // The watch of the pods shows this one as it is, or that it is gone.
  void TellPod(const std::string& name);

  // ---- what happens to pods ----
  void PodChanged(const std::string& name);  // or it is new
  void PodGone(const coordinator::PodFacts& pod);

  // Whether controllers take pods with a lower controller.kubernetes.io/pod-deletion-cost first.
  void SetHeedsDeletionCosts(bool heeds) { heeds_deletion_costs_ = heeds; }

  // Those of `names`, pods of one ReplicaSet, that go first when it shrinks: in that order. As the
  // ReplicaSet controller ranks them: not bound before bound, Pending before Running, not Ready before Ready,
  // lower deletion costs before higher, more pods of the same on the node before fewer, Ready for less time,
  // younger.
  std::vector<std::string> InOrderOfRemoval(std::vector<std::string> names) const;

  // ---- actions, with the API's preconditions ----
  coordinator::ActionOutcome SetReplicas(const coordinator::Action& action, std::string& detail);
  // Of a workload that is there; what its pods ask for is not its business.
  coordinator::ActionOutcome SetPlaceholders(const coordinator::Action& action);
  coordinator::ActionOutcome DeleteAutoscaler(const coordinator::Action& action, std::string& detail);

  // ---- what others do ----
  void ScaleByHand(const std::string& workload, uint32_t replicas);
  void AddAutoscaler(const std::string& workload, uint32_t minimum, uint32_t maximum, uint32_t percent,
                     bool by_memory);
  void RemoveAutoscaler(const std::string& workload);
  void Replaced(const std::string& workload);  // it has been deleted, or another of its name was made

  // ---- what is true ----
  const std::map<coordinator::AutoscalerName, coordinator::AutoscalerFacts>& autoscalers() const {
    return autoscalers_;
  }
  // When somebody else last set its replicas; InfinitePast: nobody has.
  absl::Time LastHand(const std::string& workload) const;
  static std::string UidOf(const WorkloadSpec& spec);
  static std::string ControllerUidOf(const WorkloadSpec& spec);  // of its pods'
  // When the pod of that uid was made, and bound; InfinitePast: it is not there; InfiniteFuture: not bound.
  absl::Time Created(const std::string& uid) const;
  absl::Time Bound(const std::string& uid) const;

 private:
  struct Watched {
    std::optional<coordinator::WorkloadFacts> told;
    std::map<std::string, std::string> shown;  // uids of the pods that were shown and not taken back, by name
  };
  struct Life {
    absl::Time created;
    std::optional<absl::Time> bound;
    bool ready = false;
    std::optional<absl::Time> ready_changed;
  };

  const WorkloadSpec* Find(const coordinator::Workload& workload) const;
  coordinator::WorkloadFacts FactsOf(const WorkloadSpec& spec) const;
  coordinator::WorkloadPodFacts FactsOf(const std::string& name, const coordinator::PodFacts& pod) const;
  void TellWhole(const coordinator::Workload& workload, Watched& watched);
  void TellPod(const std::string& name, const coordinator::Workload& workload, Watched& watched);
  void Announce(const std::string& workload);  // it has changed
  void AnnounceAutoscaler(const coordinator::AutoscalerName& name);
  void TellAutoscaler(const coordinator::AutoscalerName& name);
  absl::Duration Lag(absl::Duration most) { return around_.dice.Between(absl::ZeroDuration(), most); }

  const Surroundings around_;
  bool heeds_deletion_costs_ = true;
  uint64_t lives_begun_ = 0;  // of the coordinator's process: what an earlier one asked for is not told
  bool listed_ = false;       // the present one has been told all that there is
  std::map<coordinator::Workload, Watched> watched_;
  std::map<coordinator::AutoscalerName, coordinator::AutoscalerFacts> autoscalers_;
  std::set<coordinator::AutoscalerName> shown_autoscalers_;
  uint64_t made_ = 0;                        // autoscalers so far
  std::map<std::string, Life> lives_;        // of pods, by uid
  std::map<std::string, absl::Time> hands_;  // by workload
};

}  // namespace evenkeel::simulation
