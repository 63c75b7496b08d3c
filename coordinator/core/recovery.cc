#include "coordinator/core/recovery.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// Why a workload is not complete, in Kubernetes' words where it has any.
std::string WaitingFor(const PodIndex& pods, const WorkloadRecovery& workload) {
  if (workload.restored >= workload.removed) return "";
  const ControllerPods& siblings = pods.OfController(workload.controller.uid);
  for (const PodName& name : siblings.waiting) {
    const PodFacts& pod = *pods.Find(name);
    if (!pod.waiting_reason.empty())
      return absl::StrCat(PodText(name.name_space, name.name), ": ", pod.waiting_reason);
  }
  if (siblings.waiting.empty()) return "no replacement has been made yet";
  return absl::StrCat(Count(siblings.waiting.size(), "pod"), " starting");
}

size_t FailedActions(const Decision& decision) {
  return static_cast<size_t>(std::count_if(decision.actions.begin(), decision.actions.end(),
                                           [](const Action& a) { return a.state == ActionState::kFailed; }));
}

// After a proof, a pod that was marked at first is deleted after all.
bool Deleted(const Decision& decision, const std::string& uid) {
  return std::any_of(decision.actions.begin(), decision.actions.end(), [&uid](const Action& action) {
    return action.kind == ActionKind::kDeletePod && action.uid == uid && action.state == ActionState::kDone;
  });
}

std::string LeftWaiting(const Decision& decision) {
  const auto waiting =
      std::count_if(decision.actions.begin(), decision.actions.end(), [&decision](const Action& action) {
        return action.kind == ActionKind::kMarkPodUnready && action.state == ActionState::kDone &&
               !Deleted(decision, action.uid);
      });
  if (waiting == 0) return "";
  return absl::StrCat(". ", Count(static_cast<size_t>(waiting), "pod"), waiting == 1 ? " stays" : " stay",
                      " on the node without traffic");
}

// Pods wait for a proof that comes by itself: it is this decision's to go on with.
bool Waits(Turn& turn, const OpenDecision& open) {
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  return node != nullptr && !open.winding_up && AwaitsProof(turn, *node);
}

void CloseRecovered(Turn& turn, OpenDecision& open) {
  Decision& decision = open.decision;
  std::string outcome = decision.workloads.empty() ? "No replacements are awaited" : RecoveryText(decision);
  if (!decision.workloads.empty()) {
    decision.timings.recovered = turn.now;
    const absl::Time start =
        decision.timings.last_sign.value_or(decision.timings.detected.value_or(turn.now));
    absl::StrAppend(
        &outcome, ", ", Say(turn.now - start),
        decision.timings.last_sign ? " after the last sign of life" : " after its silence was noticed");
  }
  absl::StrAppend(&outcome, LeftWaiting(decision));
  const size_t failed = FailedActions(decision);
  if (failed > 0) absl::StrAppend(&outcome, ". ", Count(failed, "action"), " failed");
  CloseFailover(turn, open, failed > 0 ? DecisionState::kFailed : DecisionState::kSucceeded,
                std::move(outcome));
}

}  // namespace

void EnterRecovery(Turn& turn, OpenDecision& open) {
  turn.WatchPods(open, open.decision.workloads);
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  // Counted from the plan's last action; pods that come late do not put it off.
  if (!open.give_up) {
    open.give_up = open.decision.timings.acted.value_or(turn.now) + cluster->policy.recovery_timeout;
  }
  turn.state.timers.Set({TimerKind::kDecisionTimeout, {}, open.decision.id},
                        std::max(*open.give_up, turn.now));
  Recount(turn, open);
}

void Recount(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  // Before Kubernetes' objects are complete, nothing can be counted.
  if (!cluster->sight.listed) return;
  bool complete = true;
  for (WorkloadRecovery& workload : open.decision.workloads) {
    const size_t ready = cluster->pods.ReadyElsewhere(workload.controller.uid, open.decision.node);
    const size_t grown = ready - std::min<size_t>(ready, workload.ready_elsewhere_before);
    WorkloadRecovery counted = workload;
    counted.restored = static_cast<uint32_t>(std::min<size_t>(grown, workload.removed));
    counted.waiting_for = WaitingFor(cluster->pods, counted);
    if (counted != workload) turn.Changed(open);
    workload = std::move(counted);
    complete = complete && workload.restored == workload.removed;
  }
  if (complete && AllEnded(open.decision) && !Waits(turn, open)) CloseRecovered(turn, open);
}

void OnRecoveryTimeout(Turn& turn, OpenDecision& open) {
  if (!AllEnded(open.decision)) return;  // frozen; the time starts again when the actions have ended
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (Waits(turn, open) && node->fence.believed_from && turn.now < *node->fence.believed_from) {
    const absl::Duration timeout = turn.ClusterOf(*node).policy.recovery_timeout;
    open.give_up = *node->fence.believed_from + timeout;
    turn.state.timers.Set({TimerKind::kDecisionTimeout, {}, open.decision.id}, *open.give_up);
    return;
  }
  CloseFailover(turn, open, DecisionState::kFailed,
                absl::StrCat("Given up waiting. ", RecoveryText(open.decision)));
}

std::string RecoveryText(const Decision& decision) {
  size_t removed = 0;
  size_t restored = 0;
  std::vector<std::string> waiting;
  for (const WorkloadRecovery& workload : decision.workloads) {
    removed += workload.removed;
    restored += workload.restored;
    if (!workload.waiting_for.empty()) {
      waiting.push_back(absl::StrCat("; ", Say(workload.controller), " waits (", workload.waiting_for, ")"));
    }
  }
  return absl::StrCat("Replacements Ready: ", restored, " of ", removed, absl::StrJoin(waiting, ""));
}

}  // namespace evenkeel::coordinator
