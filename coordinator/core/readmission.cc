#include "coordinator/core/readmission.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/recovery.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

// What keeps a due readmission waiting is looked at again after this.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

// An earlier session has told how the node is, and the present one has not yet.
bool HasYetToReport(const Node& node) {
  const uint64_t reported = node.sickness.session_id;
  return reported != 0 && node.session && node.session->id != reported;
}

void Begin(Turn& turn, Node& node, std::vector<GuardAnswer> guards) {
  OpenDecision& open = turn.Open(DecisionKind::kReadmission, node);
  Decision& decision = open.decision;
  const std::string stable = Say(turn.now - *node.well_since);
  decision.summary =
      absl::StrCat(node.key.node, " may have pods again: it is back and has been well for ", stable);
  decision.evidence = {
      {turn.now, absl::StrCat("node ", node.key.node),
       absl::StrCat("its agent has spoken without a break for ", stable), Direction::kForLife},
      {turn.now, "kubernetes", absl::StrCat("it has been Ready without a break for ", stable),
       Direction::kForLife}};
  if (const uint32_t relapses = node.record.hold_down.relapses; relapses > 0) {
    decision.evidence.push_back({turn.now, "coordinator",
                                 absl::StrCat("it failed again soon after ", Count(relapses, "readmission"),
                                              ", so it had to be well for ", Say(turn.HoldOf(node)),
                                              " and not ", Say(turn.ClusterOf(node).policy.readmit_after)),
                                 Direction::kNeither});
  }
  decision.guards = std::move(guards);
  decision.timings.detected = node.well_since;
  decision.timings.judged = turn.now;
  Action untaint;
  untaint.number = 1;
  untaint.stage = 1;
  untaint.kind = ActionKind::kUntaintNode;
  untaint.name = node.key.node;
  untaint.uid = node.record.uid;
  decision.actions.push_back(untaint);
  if (node.record.fencing.out_of_service) {
    untaint.number = 2;
    untaint.kind = ActionKind::kUntaintOutOfService;
    decision.actions.push_back(std::move(untaint));
  }
  ReleaseNext(turn, open);
}

}  // namespace

void UpdateWell(Turn& turn, Node& node) {
  const TimerKey timer{TimerKind::kReadmission, node.key, {}};
  // What its agent has found in this session counts from the first moment on, and not only once it is GRAY.
  const bool sick = node.verdict == Verdict::kGray || !node.sickness.since.empty();
  const bool well = node.record.failed_over && node.session && !node.silence && node.facts.has_value() &&
                    node.facts->ready && !sick;
  if (!well) {
    if (node.well_since) turn.Changed(node);
    node.well_since.reset();
    turn.state.timers.Clear(timer);
  } else if (!node.well_since) {
    node.well_since = turn.now;
    turn.state.timers.Set(timer, turn.now + turn.HoldOf(node));
    turn.Changed(node);
  }
}

void OnReadmissionDue(Turn& turn, Node& node) {
  if (!node.well_since) return;
  const Cluster& cluster = turn.ClusterOf(node);
  const absl::Time due = *node.well_since + turn.HoldOf(node);  // the policy may have changed
  OpenDecision* open = turn.FindOpen(node.open_decision);
  const bool failover = open != nullptr && open->decision.kind == DecisionKind::kFailover;
  std::vector<GuardAnswer> guards =
      AskGuards(FactsForGuards(cluster, node, DisruptionKind::kReadmission, turn.now));
  if (HasYetToReport(node)) {
    turn.state.timers.Set({TimerKind::kReadmission, node.key, {}}, std::max(due, turn.now + kLookAgain));
    return;
  }
  const bool waits = failover && AllEnded(open->decision);  // then it is what `one-intent` means
  const bool refused = std::any_of(guards.begin(), guards.end(), [waits](const GuardAnswer& answer) {
    return !answer.allowed && !(waits && answer.guard == "one-intent");
  });
  if (turn.now >= due && waits && !refused) {
    // What has not come back by now may just be waiting for this node's room.
    CloseFailover(turn, *open, DecisionState::kFailed,
                  absl::StrCat(RecoveryText(open->decision), ". ", node.key.node,
                               " is back and well: it is readmitted, so that the rest has room"));
    open = nullptr;
    guards = AskGuards(FactsForGuards(cluster, node, DisruptionKind::kReadmission, turn.now));
  }
  if (turn.now < due || open != nullptr || FirstRefusal(guards) != nullptr) {
    turn.state.timers.Set({TimerKind::kReadmission, node.key, {}}, std::max(due, turn.now + kLookAgain));
    return;
  }
  Begin(turn, node, std::move(guards));
}

void OnReadmissionActed(Turn& turn, OpenDecision& open) {
  const std::vector<Action>& actions = open.decision.actions;
  const auto not_done = std::find_if(actions.begin(), actions.end(),
                                     [](const Action& a) { return a.state != ActionState::kDone; });
  const Action& untaint = not_done == actions.end() ? actions.front() : *not_done;
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (untaint.state != ActionState::kDone || node == nullptr) {
    turn.Close(open, DecisionState::kFailed,
               absl::StrCat("Its taint could not be taken off: ", untaint.result));
    turn.AnnounceStep(open.decision, "closed", true, "ReadmissionFailed", open.decision.outcome);
    if (node == nullptr) return;
    node->well_since.reset();  // the time starts again
    return UpdateWell(turn, *node);
  }
  turn.Close(open, DecisionState::kSucceeded,
             absl::StrCat(open.decision.node, " has no taint of ours any more"));
  turn.AnnounceStep(open.decision, "closed", false, "NodeReadmitted", open.decision.summary);
  std::vector<WorkloadRecovery> moved;
  moved.swap(node->record.moved);
  NoteReadmission(node->record.hold_down, turn.now);
  SetFailedOver(turn, *node, false);
  UpdateWell(turn, *node);
  UpdateFencing(turn, *node);
  StartRebalance(turn, *node, std::move(moved));
}

void RetryReadmission(Turn& turn, OpenDecision& open) {
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node == nullptr || !node->well_since) {
    for (Action& untaint : open.decision.actions) {
      if (untaint.state == ActionState::kDone) continue;
      untaint.state = ActionState::kSkipped;
      untaint.result = "not tried again: the node is not well any more";
    }
    return turn.Close(
        open, DecisionState::kCancelled,
        absl::StrCat(open.decision.node, " is not well any more; its time starts again when it is"));
  }
  ReleaseNext(turn, open);
  const std::vector<Action>& actions = open.decision.actions;
  const bool waits = std::any_of(actions.begin(), actions.end(),
                                 [](const Action& action) { return action.state == ActionState::kPending; });
  if (!waits) return;
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + kLookAgain);
}

}  // namespace evenkeel::coordinator
