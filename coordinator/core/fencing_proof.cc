#include "coordinator/core/fencing_proof.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/fencing_settings.h"
#include "coordinator/core/fencing_time.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/words.h"

namespace evenkeel::coordinator {
namespace {

void SetProof(Turn& turn, Node& node, FenceProof proof) {
  NoteFencing(turn, node, proof.method == FenceMethod::kOperator ? "operator" : "coordinator", proof.detail);
  if (node.silence && node.silence->lease) proof.lease_version = node.silence->lease->lease.resource_version;
  node.record.fencing.proof = std::move(proof);
  turn.RecordChanged(node);
}

// The hook's word counts only for the silence in which it was asked: a machine that was off and lives again
// runs what it is told to. It is asked again, with growing pauses and each time by a fresh verdict, while
// pods wait for it.
void OnHookAnswered(Turn& turn, Node& node, Action& action, ActionOutcome outcome) {
  if (outcome == ActionOutcome::kWithdrawn || outcome == ActionOutcome::kUnreachable) return;
  const bool in_time = node.silence && action.release_time && *action.release_time >= node.fence.last_life;
  if (action.state == ActionState::kDone && in_time) {
    const std::optional<FenceProof>& known = node.record.fencing.proof;
    if (known && known->method != FenceMethod::kSelf) return;
    SetProof(turn, node,
             {.method = FenceMethod::kHook,
              .time = turn.now,
              .detail = absl::StrCat("the fencing hook says that it is off: ", action.result),
              .pods = {},
              .lease_version = ""});
    return JudgeFenceAgain(turn, node);
  }
  if (!node.silence) return;
  action.state = ActionState::kPending;
  node.fence.hook_pause = NextPause(node.fence.hook_pause);
  node.fence.hook_at = turn.now + node.fence.hook_pause;
  turn.state.timers.Set({TimerKind::kHook, node.key, {}}, node.fence.hook_at);
}

}  // namespace

void NoteFencing(Turn& turn, Node& node, std::string source, std::string observation) {
  const Evidence evidence{turn.now, std::move(source), std::move(observation), Direction::kAgainstLife};
  if (node.silence) AddEvidence(node.silence->evidence, evidence);
  OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr || open->decision.kind != DecisionKind::kFailover) return;
  AddEvidence(open->decision.evidence, evidence);
  turn.Changed(*open);
}

void JudgeFenceAgain(Turn& turn, Node& node) {
  if (!node.silence) return;
  node.silence->settled = false;
  turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now);
}

bool ProveFenced(Turn& turn, Node& node) {
  NodeFencing& fencing = node.record.fencing;
  if (!node.fence.due || !fencing.armed || fencing.proof) return false;
  if (!WhyNotSelfFenced(turn.ClusterOf(node), node).empty()) return false;
  SetProof(turn, node,
           {.method = FenceMethod::kSelf,
            .time = turn.now,
            .detail = absl::StrCat("its agent has stopped its pods that must not run twice: ",
                                   Say(turn.now - node.fence.last_beat),
                                   " have passed since its last beat, and it has promised to do so within ",
                                   Say(EnforcedMinimum(*fencing.armed)), " of its last word from anybody"),
            .pods = fencing.armed->pods,
            .lease_version = ""});
  return true;
}

void CheckProof(Turn& turn, Node& node, const LeaseFacts& lease) {
  NodeFencing& fencing = node.record.fencing;
  if (!fencing.proof) return;
  const bool self = fencing.proof->method == FenceMethod::kSelf;
  const bool renewed = fencing.proof->lease_version != lease.resource_version;
  const bool booted = self && (!fencing.armed || IsOfAnotherBoot(*fencing.armed, node));
  if (!renewed && !booted) return;
  NoteFencing(turn, node, "coordinator",
              absl::StrCat(renewed ? "its kubelet has renewed its lease" : "its machine has booted again",
                           " since it was proven to ", self ? "have stopped its pods" : "be off",
                           ": that holds no longer"));
  fencing.proof.reset();
  turn.RecordChanged(node);
  // What was waited for is waited for anew, if its agent can be relied on still.
  if (self) FencingWaitsAgain(turn, node);
}

void OnHookDue(Turn& turn, Node& node) {
  JudgeFenceAgain(turn, node);
}

void FencingActionReleased(Turn& turn, Node& node, const Action& action) {
  if (action.kind == ActionKind::kFenceNode) {
    node.fence.hook_asked = true;
    // L1: a node that the hook works on is judged on, so that a sign of life ends it.
    if (node.silence) {
      node.silence->settled = false;
      turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now + CheckPause(absl::ZeroDuration()));
    }
  }
  // Ours to take off again from now on: its answer may be lost.
  const bool there = node.facts && node.facts->out_of_service;
  if (action.kind != ActionKind::kTaintOutOfService || there) return;
  node.record.fencing.out_of_service = true;
  turn.RecordChanged(node);
}

void FencingActionEnded(Turn& turn, const OpenDecision& open, Node& node, Action& action,
                        ActionOutcome outcome) {
  if (action.kind == ActionKind::kFenceNode && !open.winding_up) {
    OnHookAnswered(turn, node, action, outcome);
  }
  const bool refused = outcome == ActionOutcome::kRefused || outcome == ActionOutcome::kNotKnownThere ||
                       outcome == ActionOutcome::kNotMine || outcome == ActionOutcome::kWithdrawn;
  // A try whose answer was lost may have put it, and so may an earlier decision.
  const bool there = action.attempts > 1 || (node.facts && node.facts->out_of_service);
  const bool not_put = action.kind == ActionKind::kTaintOutOfService && refused && !there;
  const bool off = action.kind == ActionKind::kUntaintOutOfService && action.state == ActionState::kDone;
  if (off || not_put) {
    node.record.fencing.out_of_service = false;
    turn.RecordChanged(node);
  }
}

void OnConfirmFence(Turn& turn, const ConfirmFence& event) {
  Reply reply{.request_id = event.request_id};
  Node* node = turn.FindNode(event.node);
  if (node == nullptr || !node->facts) {
    reply.status =
        absl::NotFoundError(absl::StrCat("there is no node ", event.node.node, " in ", event.node.cluster));
    return turn.Answer(std::move(reply));
  }
  const Cluster& cluster = turn.ClusterOf(*node);
  if (node->verdict != Verdict::kDead || !node->silence) {
    reply.status = absl::FailedPreconditionError(absl::StrCat(node->key.node, " is ", Name(node->verdict),
                                                              " and not DEAD (", node->reason,
                                                              "): nothing would be moved off it"));
    return turn.Answer(std::move(reply));
  }
  if (cluster.policy.mode == PolicyMode::kObserve) {
    reply.status = absl::FailedPreconditionError(
        absl::StrCat("the mode of ", event.node.cluster, " is observe: nothing would be moved"));
    return turn.Answer(std::move(reply));
  }
  const std::string reason = event.reason.empty() ? "" : absl::StrCat(": ", event.reason);
  SetProof(turn, *node,
           {.method = FenceMethod::kOperator,
            .time = turn.now,
            .detail = absl::StrCat("an operator says that it is off", reason),
            .pods = {},
            .lease_version = ""});
  JudgeFenceAgain(turn, *node);
  reply.status = absl::OkStatus();
  reply.decision = node->open_decision;
  turn.Answer(std::move(reply));
}

}  // namespace evenkeel::coordinator
