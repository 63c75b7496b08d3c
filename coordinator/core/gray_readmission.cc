#include "coordinator/core/gray_readmission.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/guards.h"
#include "coordinator/core/plan_gray.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

// What keeps a due readmission waiting is looked at again after this.
constexpr absl::Duration kWaitsFor = absl::Seconds(1);

bool IsWell(const Node& node) {
  return node.session && !node.silence && node.facts.has_value() && node.facts->ready &&
         node.sickness.well_since.has_value() && node.sickness.session_id == node.session->id;
}

void BeginReadmission(Turn& turn, Node& node, std::vector<GuardAnswer> guards) {
  OpenDecision& open = turn.Open(DecisionKind::kGrayReadmission, node);
  Decision& decision = open.decision;
  const std::string stable = Say(turn.now - *node.gray_well_since);
  decision.summary =
      absl::StrCat(node.key.node, " may have new pods again: it was sick and has been well for ", stable);
  decision.evidence = {{turn.now, absl::StrCat("node ", node.key.node),
                        absl::StrCat("its agent has found nothing sick for ", stable), Direction::kForLife},
                       {turn.now, "kubernetes",
                        absl::StrCat("it has been Ready without a break for ", stable), Direction::kForLife}};
  decision.guards = std::move(guards);
  decision.timings.detected = node.gray_well_since;
  decision.timings.judged = turn.now;
  decision.actions.push_back(GrayAction(decision, ActionKind::kUntaintGray, node.key.node, node.record.uid));
  ReleaseNext(turn, open);
}

void ForgetGray(Turn& turn, Node& node) {
  SetDrained(turn, node, false);
  node.record.gray = {};
  turn.RecordChanged(node);
  UpdateGrayWell(turn, node);
}

}  // namespace

void UpdateGrayWell(Turn& turn, Node& node) {
  const TimerKey timer{TimerKind::kGrayReadmission, node.key, {}};
  const bool to_readmit = node.record.gray.tainted || node.record.gray.drained;
  if (!to_readmit || !IsWell(node)) {
    node.gray_well_since.reset();
    turn.state.timers.Clear(timer);
  } else if (!node.gray_well_since) {
    node.gray_well_since = turn.now;
    turn.state.timers.Set(timer, turn.now + turn.ClusterOf(node).policy.gray.recover_after);
  }
}

void OnGrayReadmissionDue(Turn& turn, Node& node) {
  if (!node.gray_well_since) return;
  const Cluster& cluster = turn.ClusterOf(node);
  const absl::Time due = *node.gray_well_since + cluster.policy.gray.recover_after;  // it may have changed
  std::vector<GuardAnswer> guards =
      AskGuards(FactsForGuards(cluster, node, DisruptionKind::kReadmission, turn.now));
  if (turn.now < due || FirstRefusal(guards) != nullptr) {
    turn.state.timers.Set({TimerKind::kGrayReadmission, node.key, {}}, std::max(due, turn.now + kWaitsFor));
    return;
  }
  BeginReadmission(turn, node, std::move(guards));
}

void OnGrayReadmissionActed(Turn& turn, OpenDecision& open) {
  const Action& untaint = open.decision.actions.front();
  Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (untaint.state != ActionState::kDone || node == nullptr) {
    turn.Close(open, DecisionState::kFailed,
               absl::StrCat("Its taint could not be taken off: ", untaint.result));
    turn.AnnounceStep(open.decision, "closed", true, "ReadmissionFailed", open.decision.outcome);
    if (node == nullptr) return;
    node->gray_well_since.reset();  // the time starts again
    return UpdateGrayWell(turn, *node);
  }
  turn.Close(open, DecisionState::kSucceeded,
             absl::StrCat(open.decision.node, " has no taint of ours for sickness any more"));
  turn.AnnounceStep(open.decision, "closed", false, "NodeReadmitted", open.decision.summary);
  std::vector<WorkloadRecovery> moved;
  if (!node->record.failed_over) moved.swap(node->record.moved);
  ForgetGray(turn, *node);
  StartRebalance(turn, *node, std::move(moved));
}

void RetryGrayReadmission(Turn& turn, OpenDecision& open) {
  const Node* node = turn.FindNode({open.decision.cluster, open.decision.node});
  if (node == nullptr || !node->gray_well_since) {
    Action& untaint = open.decision.actions.front();
    untaint.state = ActionState::kSkipped;
    untaint.result = "not tried again: the node is not well any more";
    return turn.Close(
        open, DecisionState::kCancelled,
        absl::StrCat(open.decision.node, " is not well any more; its time starts again when it is"));
  }
  ReleaseNext(turn, open);
  if (open.decision.actions.front().state != ActionState::kPending) return;
  turn.state.timers.Set({TimerKind::kRetry, {}, open.decision.id}, turn.now + kWaitsFor);
}

void AdoptGrayTaint(Turn& turn, Node& node) {
  node.record.gray.tainted = true;
  turn.RecordChanged(node);
  UpdateGrayWell(turn, node);
}

}  // namespace evenkeel::coordinator
