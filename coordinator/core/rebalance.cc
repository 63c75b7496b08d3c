#include "coordinator/core/rebalance.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// Evictions whose replacement goes elsewhere: after this many the scheduler has shown that it does not want
// the node.
constexpr uint32_t kMostGoneElsewhere = 2;

struct Move {
  PodName pod;
  std::string uid;
  std::string controller_uid;
};

struct NextStep {
  std::optional<Move> move;
  bool wait = false;  // no move now, but one may follow when a workload is complete again
};

// The next pod that should move to `node`: of the first workload of which another node holds at least two
// more.
NextStep Next(const PodIndex& pods, const std::vector<WorkloadRecovery>& workloads, const std::string& node) {
  NextStep next;
  for (const WorkloadRecovery& workload : workloads) {
    const ControllerPods& siblings = pods.OfController(workload.controller.uid);
    const size_t here = pods.ReadyOn(workload.controller.uid, node);
    const std::set<PodName>* most = nullptr;
    for (const auto& [holder, names] : siblings.ready) {
      if (holder != node && (most == nullptr || names.size() > most->size())) most = &names;
    }
    if (most == nullptr || most->size() < here + 2) continue;
    if (!siblings.waiting.empty()) {
      next.wait = true;  // a workload that is not complete is not disturbed further
      continue;
    }
    const PodName& name = *most->begin();
    next.move = Move{name, pods.Find(name)->uid, workload.controller.uid};
    return next;
  }
  return next;
}

bool StillThere(const PodIndex& pods, const Action& eviction) {
  const PodFacts* pod = pods.Find({eviction.name_space, eviction.name});
  return pod != nullptr && pod->uid == eviction.uid && !pod->deleting;
}

// The last eviction's pod is gone and the workload is as Ready as before: counts where its replacement went.
// False: not yet.
bool MoveFinished(const PodIndex& pods, OpenDecision& open) {
  if (open.moving.empty()) return true;
  const Action& eviction = open.decision.actions.back();
  if (eviction.state == ActionState::kDone) {
    const size_t ready = pods.OfController(open.moving).ready_total;
    if (StillThere(pods, eviction) || ready < open.ready_before) return false;
    const bool came = pods.ReadyOn(open.moving, open.decision.node) > open.here_before;
    ++(came ? open.moved_here : open.gone_elsewhere);
  } else {
    ++open.gone_elsewhere;  // refused or given up: as little use as one that went elsewhere
  }
  open.moving.clear();
  return true;
}

void Evict(Turn& turn, const PodIndex& pods, OpenDecision& open, const Move& move) {
  open.moving = move.controller_uid;
  open.ready_before = pods.OfController(move.controller_uid).ready_total;
  open.here_before = pods.ReadyOn(move.controller_uid, open.decision.node);
  Action eviction;
  eviction.number = static_cast<uint32_t>(open.decision.actions.size() + 1);
  eviction.stage = eviction.number;
  eviction.kind = ActionKind::kEvictPod;
  eviction.name_space = move.pod.name_space;
  eviction.name = move.pod.name;
  eviction.uid = move.uid;
  open.decision.actions.push_back(std::move(eviction));
  ReleaseNext(turn, open);
  if (open.decision.actions.back().state != ActionState::kPending) return;
  open.pause = NextPause(open.pause);  // blind now: looked at again
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + open.pause);
}

// The pods are well where they are: it is said, and not tried again.
void RecordRefusal(Turn& turn, const Node& node, std::vector<GuardAnswer> guards, const std::string& why) {
  Decision decision;
  decision.summary =
      absl::StrCat("Pods do not come back to ", node.key.node, ", which was readmitted: ", why);
  decision.outcome = absl::StrCat("Pods stay where they are: ", why);
  decision.guards = std::move(guards);
  decision.timings.detected = turn.now;
  decision.timings.judged = turn.now;
  turn.Record(DecisionKind::kRebalance, node, DecisionState::kRefused, std::move(decision));
}

}  // namespace

void StartRebalance(Turn& turn, Node& node, std::vector<WorkloadRecovery> moved) {
  const Cluster& cluster = turn.ClusterOf(node);
  if (!cluster.policy.rebalance || cluster.policy.mode != PolicyMode::kEnforce || moved.empty()) return;
  const bool sick = node.verdict == Verdict::kGray || node.record.gray.tainted || node.record.gray.drained;
  if (sick) {  // no pod should come to it, nor could: when it is well and has no taint, this is called again
    node.record.moved = std::move(moved);
    return turn.RecordChanged(node);
  }
  if (!Next(cluster.pods, moved, node.key.node).move) return;  // already balanced: nothing worth a decision
  std::vector<GuardAnswer> guards =
      AskGuards(FactsForGuards(cluster, node, DisruptionKind::kRebalance, turn.now));
  if (const GuardAnswer* refusal = FirstRefusal(guards)) {
    const std::string why = absl::StrCat("the guard ", refusal->guard, " refused: ", refusal->reason);
    return RecordRefusal(turn, node, std::move(guards), why);
  }
  OpenDecision& open = turn.Open(DecisionKind::kRebalance, node);
  open.decision.timings.detected = turn.now;
  open.decision.timings.judged = turn.now;
  open.decision.summary =
      absl::StrCat("Pods come back to ", node.key.node, ", which was readmitted: workloads that were ",
                   "moved away from it are spread again, one pod at a time");
  open.decision.guards = std::move(guards);
  open.scattered = std::move(moved);
  turn.WatchPods(open, open.scattered);
  turn.state.timers.Set({TimerKind::kDecisionTimeout, {}, open.decision.id},
                        turn.now + cluster.policy.recovery_timeout);
  ContinueRebalance(turn, open);
}

void ContinueRebalance(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  const bool under_way =
      !open.decision.actions.empty() && (open.decision.actions.back().state == ActionState::kPending ||
                                         open.decision.actions.back().state == ActionState::kReleased);
  if (under_way || !MoveFinished(cluster->pods, open)) return;
  if (open.gone_elsewhere >= kMostGoneElsewhere) {
    return EndRebalance(turn, open,
                        absl::StrCat(open.gone_elsewhere, " evictions brought nothing to the node"));
  }
  const NextStep next = Next(cluster->pods, open.scattered, open.decision.node);
  if (next.move) return Evict(turn, cluster->pods, open, *next.move);
  if (!next.wait) EndRebalance(turn, open, "the workloads are spread evenly");
}

void RetryEviction(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  if (open.decision.actions.empty() || open.decision.actions.back().state != ActionState::kPending) return;
  Action& eviction = open.decision.actions.back();
  if (!StillThere(cluster->pods, eviction)) {
    eviction.state = ActionState::kDone;
    eviction.result = "the pod is gone";
    return Advance(turn, open);
  }
  ReleaseNext(turn, open);
  if (eviction.state != ActionState::kPending) return;
  open.pause = NextPause(open.pause);
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + open.pause);
}

void EndRebalance(Turn& turn, OpenDecision& open, const std::string& why) {
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kReleased)
      action.result = absl::StrCat("its answer was not awaited: ", why);
    if (action.state != ActionState::kPending) continue;
    action.state = ActionState::kSkipped;
    action.result = absl::StrCat(action.result, action.result.empty() ? "" : "; ", "not tried again: ", why);
  }
  const DecisionState end = open.moved_here > 0 ? DecisionState::kSucceeded : DecisionState::kFailed;
  turn.Close(open, end,
             absl::StrCat(Count(open.moved_here, "pod"), open.moved_here == 1 ? " has" : " have", " come to ",
                          open.decision.node, ": ", why));
  turn.AnnounceStep(open.decision, "closed", end == DecisionState::kFailed, "NodeRebalanced",
                    open.decision.outcome);
}

void StopRebalance(Turn& turn, Node& node, const std::string& why) {
  OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr || open->decision.kind != DecisionKind::kRebalance) return;
  turn.Withdraw(*open, why);  // an eviction may still wait for its claim
  EndRebalance(turn, *open, why);
}

}  // namespace evenkeel::coordinator
