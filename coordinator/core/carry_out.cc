#include "coordinator/core/carry_out.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/fencing_proof.h"
#include "coordinator/core/gray_ladder.h"
#include "coordinator/core/gray_readmission.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/recovery.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/switch_turn.h"

namespace evenkeel::coordinator {
namespace {

bool MayRelease(const Cluster& cluster, const OpenDecision& open, const Action& action) {
  if (IsOnWorkload(open.decision)) return MayReleaseScale(cluster, open, action);
  if (IsOnVirtualNodes(open.decision) || open.decision.kind == DecisionKind::kDrainBack) {
    return MayReleaseOnVirtualNodes(cluster, open, action);
  }
  if (cluster.record.pause) return false;
  // Taking our taint off a node that lives is right whatever else we doubt; it needs the API and nothing
  // more.
  if (action.kind == ActionKind::kUntaintNode || action.kind == ActionKind::kUntaintGray ||
      action.kind == ActionKind::kUntaintOutOfService) {
    return cluster.sight.api_reachable;
  }
  const auto node = cluster.nodes.find(open.decision.node);
  const bool blind = node == cluster.nodes.end() ? cluster.sight.blind : IsBlindTo(cluster, node->second);
  const bool again = action.kind == ActionKind::kFenceNode && action.attempts > 0;
  if (again && (node == cluster.nodes.end() || !node->second.fence.hook_fresh)) return false;
  return !blind && !open.must_verify && !open.winding_up;
}

// L1: a verdict tells of its moment. The machine may have been booted since, with its agent still on its way.
bool GoesByAnOldVerdict(const Turn& turn, const OpenDecision& open, const Action& action) {
  const bool untaint =
      action.kind == ActionKind::kUntaintNode || action.kind == ActionKind::kUntaintOutOfService;
  return open.decision.kind == DecisionKind::kFailover && !untaint && turn.now - open.judged > kVerdictHolds;
}

// L8: whether it was done is not known, and the API may be going away. A failover freezes until its node is
// judged again; an untaint or an eviction is asked again after a pause.
void OnUnreachable(Turn& turn, OpenDecision& open, Action& action) {
  if (IsOnWorkload(open.decision)) return OnScaleUnreachable(turn, open, action);
  action.state = ActionState::kPending;
  if (open.decision.kind == DecisionKind::kFailover && !open.winding_up) {
    open.must_verify = true;
    open.give_up.reset();
    turn.Withdraw(open, "the API server did not answer");
    Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
    if (node == nullptr || !node->silence) return;
    node->silence->settled = false;
    turn.state.timers.Set({TimerKind::kCheck, node->key, {}}, turn.now + CheckPause(absl::ZeroDuration()));
    return;
  }
  if (open.decision.kind == DecisionKind::kGray && action.kind == ActionKind::kEvictPod) {
    open.ladder.unanswered.insert(action.number);
  }
  open.pause = NextPause(open.pause);
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + open.pause);
}

// The object is not the one that was meant, or not as it was.
void RecordNotMine(Action& action) {
  if (action.replicas || action.kind == ActionKind::kDeleteAutoscaler) {
    action.state = ActionState::kFailed;
    if (!action.result.empty()) return;
    action.result = action.replicas ? "somebody else has changed its replicas, or replaced it by another of "
                                      "its name"
                                    : "it was replaced by another of its name";
    return;
  }
  // A pod with another uid is another pod: the one that was meant is gone.
  const bool on_node = action.name_space.empty();
  action.state = on_node ? ActionState::kFailed : ActionState::kDone;
  action.result = on_node ? "the node object was replaced by another of its name"
                          : "gone already: its name belongs to another pod now";
}

// How an answer leaves the action, and with which words.
void Record(Turn& turn, OpenDecision& open, Action& action, const ActionFinished& event) {
  action.finish_time = turn.now;
  action.result = event.detail;
  switch (event.outcome) {
    case ActionOutcome::kDone:
      action.state = ActionState::kDone;
      if (action.result.empty()) action.result = "done";
      break;
    case ActionOutcome::kAlreadyDone:
      action.state = ActionState::kDone;
      if (action.result.empty()) action.result = "it was so already";
      break;
    case ActionOutcome::kNotMine:
      RecordNotMine(action);
      break;
    case ActionOutcome::kNotKnownThere:
      action.state = ActionState::kSkipped;
      break;
    case ActionOutcome::kBlocked:
      action.state = ActionState::kPending;
      open.ladder.unanswered.erase(action.number);  // it is there, so no earlier try was done
      open.pause = NextPause(open.pause);
      turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + open.pause);
      break;
    case ActionOutcome::kRefused:
      action.state = ActionState::kFailed;
      if (action.result.empty()) action.result = "Kubernetes refused it";
      break;
    case ActionOutcome::kUnreachable:
      OnUnreachable(turn, open, action);
      break;
    case ActionOutcome::kWithdrawn:  // as if it had never been handed out
      action.state = ActionState::kPending;
      --action.attempts;
      action.release_time.reset();
      action.finish_time.reset();
      action.result.clear();
      break;
  }
  if (action.state != ActionState::kPending) open.decision.timings.acted = turn.now;
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node == nullptr) return;
  FencingActionEnded(turn, open, *node, action, event.outcome);
}

}  // namespace

void ReleaseNext(Turn& turn, OpenDecision& open) {
  const Cluster* cluster = turn.FindCluster(open.decision.cluster);
  if (cluster == nullptr) return;
  if (open.decision.kind == DecisionKind::kGray) return ContinueLadder(turn, open);
  uint32_t stage = 0;  // the lowest that has not ended
  for (const Action& action : open.decision.actions) {
    const bool ended = action.state != ActionState::kPending && action.state != ActionState::kReleased;
    if (!ended && (stage == 0 || action.stage < stage)) stage = action.stage;
  }
  for (Action& action : open.decision.actions) {
    if (action.stage != stage || action.state != ActionState::kPending) continue;
    if (!MayRelease(*cluster, open, action)) continue;
    if (GoesByAnOldVerdict(turn, open, action)) return JudgeAgain(turn, open);
    turn.Release(open, action);
    Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
    if (node != nullptr) FencingActionReleased(turn, *node, action);
  }
}

void Advance(Turn& turn, OpenDecision& open) {
  turn.Changed(open);
  if (open.decision.kind == DecisionKind::kGray) return ContinueLadder(turn, open);
  if (!AllEnded(open.decision)) {
    // What is evicted next is weighed by who is Ready now (L9).
    if (open.decision.kind == DecisionKind::kDrainBack) return CarryOnDrainBack(turn, open);
    return ReleaseNext(turn, open);
  }
  switch (open.decision.kind) {
    case DecisionKind::kFailover:
      return OnFailoverActed(turn, open);
    case DecisionKind::kReadmission:
      return OnReadmissionActed(turn, open);
    case DecisionKind::kRebalance:
      return ContinueRebalance(turn, open);
    case DecisionKind::kGrayReadmission:
      return OnGrayReadmissionActed(turn, open);
    case DecisionKind::kScale:
    case DecisionKind::kTakeOver:
      return OnScaleActed(turn, open);
    case DecisionKind::kBurst:
    case DecisionKind::kValve:
    case DecisionKind::kFirstToGo:
    case DecisionKind::kBackOff:
    case DecisionKind::kHeadroom:
      return OnVirtualNodesActed(turn, open);
    case DecisionKind::kDrainBack:
      return OnDrainBackActed(turn, open);
    case DecisionKind::kGray:
    case DecisionKind::kAgentLost:
    case DecisionKind::kBlind:
    case DecisionKind::kMaintenance:
    case DecisionKind::kPause:
    case DecisionKind::kSwitch:
      return;  // the first and the last go on by themselves, the others have no actions
  }
}

void Freeze(Turn& turn, Cluster& cluster, const std::string& reason,
            absl::FunctionRef<bool(const Node&)> concerns) {
  for (const DecisionId& id : cluster.open) {
    OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr) continue;
    // Decisions on workloads have no node; see ReviewScalers.
    const auto node = cluster.nodes.find(open->decision.node);
    if (node == cluster.nodes.end() || !concerns(node->second)) continue;
    if (open->decision.kind == DecisionKind::kFailover) FreezeFailover(turn, *open, reason);
    // The guards hold what is left of it.
    if (open->decision.kind == DecisionKind::kGray) turn.Withdraw(*open, reason);
  }
}

void CarryOn(Turn& turn, Cluster& cluster) {
  for (const DecisionId& id : std::vector<DecisionId>(cluster.open.begin(), cluster.open.end())) {
    OpenDecision* open = turn.FindOpen(id);
    if (open == nullptr) continue;
    if (IsOnWorkload(open->decision)) {
      CarryOnScale(turn, *open);
    } else if (IsOnVirtualNodes(open->decision)) {
      CarryOnVirtualNodes(turn, *open);
    } else if (open->decision.kind == DecisionKind::kDrainBack) {
      CarryOnDrainBack(turn, *open);
    } else if (open->winding_up && !AllEnded(open->decision)) {
      WindUp(turn, *open);
    } else {
      ReleaseNext(turn, *open);
    }
  }
}

void OnActionFinished(Turn& turn, const ActionFinished& event) {
  OpenDecision* open = turn.FindOpen(event.decision);
  if (open == nullptr) return;
  if (open->decision.kind == DecisionKind::kSwitch) return OnShapeAnswered(turn, *open, event);
  if (event.number == 0 || event.number > open->decision.actions.size()) return;
  Action& action = open->decision.actions[event.number - 1];
  // A late answer to an earlier try still counts; one to what has ended does not.
  const bool awaited = action.state == ActionState::kReleased || action.state == ActionState::kPending;
  if (!awaited || action.attempts == 0) return;
  // That an earlier try came to nothing says nothing about the one that is under way.
  const bool nothing =
      event.outcome == ActionOutcome::kWithdrawn || event.outcome == ActionOutcome::kUnreachable;
  if (nothing && event.attempt != 0 && event.attempt < action.attempts) return;
  Record(turn, *open, action, event);
  // What was taken back because the node lives is not needed any more.
  if (event.outcome == ActionOutcome::kWithdrawn && open->winding_up) return WindUp(turn, *open);
  if (event.outcome == ActionOutcome::kWithdrawn && IsOnWorkload(open->decision)) {
    return OnScaleWithdrawn(turn, *open);
  }
  const bool is_of_burst =
      IsOnVirtualNodes(open->decision) || open->decision.kind == DecisionKind::kDrainBack;
  if (event.outcome == ActionOutcome::kWithdrawn && is_of_burst) {
    // Why it was taken back may be over before the answer came: then nobody else carries it on (L11).
    open->pause = NextPause(open->pause);
    turn.state.timers.Set({TimerKind::kRetry, {}, open->decision.id}, turn.now + open->pause);
    if (Cluster* cluster = turn.FindCluster(open->decision.cluster)) BurstLookSoon(turn, *cluster);
  }
  // What waits for its retry is not handed out at once.
  if (action.state == ActionState::kPending) return turn.Changed(*open);
  open->pause = absl::ZeroDuration();
  Advance(turn, *open);
}

void OnRetryDue(Turn& turn, OpenDecision& open) {
  if (IsOnWorkload(open.decision)) return CarryOnScale(turn, open);
  if (IsOnVirtualNodes(open.decision)) return CarryOnVirtualNodes(turn, open);
  if (open.decision.kind == DecisionKind::kDrainBack) return CarryOnDrainBack(turn, open);
  if (open.decision.kind == DecisionKind::kRebalance) return RetryEviction(turn, open);
  if (open.decision.kind == DecisionKind::kReadmission) return RetryReadmission(turn, open);
  if (open.decision.kind == DecisionKind::kGrayReadmission) return RetryGrayReadmission(turn, open);
  if (open.decision.kind == DecisionKind::kGray) return ContinueLadder(turn, open);
  if (open.winding_up) WindUp(turn, open);
  if (turn.FindOpen(open.decision.id) == nullptr || AllEnded(open.decision)) return;
  ReleaseNext(turn, open);
  // Whatever is left waits for the API; nothing is lost by looking again.
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + NextPause(open.pause));
}

void OnWatchedPod(Turn& turn, OpenDecision& open) {
  if (open.decision.kind == DecisionKind::kRebalance) return ContinueRebalance(turn, open);
  Recount(turn, open);
}

void OnDecisionTimeout(Turn& turn, OpenDecision& open) {
  if (open.decision.kind == DecisionKind::kRebalance) return EndRebalance(turn, open, "its time is up");
  if (open.decision.kind == DecisionKind::kGray) return Escalate(turn, open);
  OnRecoveryTimeout(turn, open);
}

absl::Duration NextPause(absl::Duration last) {
  return std::clamp(last * 2, absl::Seconds(1), absl::Seconds(30));
}

}  // namespace evenkeel::coordinator
