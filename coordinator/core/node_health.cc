#include "coordinator/core/node_health.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/gray_ladder.h"
#include "coordinator/core/gray_readmission.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/verdicts.h"

namespace evenkeel::coordinator {
namespace {

// What kept a GRAY node's care from beginning (the budget, another decision, the mode) is looked at again
// after this.
constexpr absl::Duration kTryAgain = absl::Seconds(5);

bool IsInCare(Turn& turn, const Node& node) {
  const OpenDecision* open = turn.FindOpen(node.open_decision);
  return open != nullptr && open->decision.kind == DecisionKind::kGray;
}

// What was moved off the node while no pod could come to it may come back now. A node that has our taint, or
// was drained, waits for the end of that.
void ResumeRebalance(Turn& turn, Node& node) {
  const GrayRecord& gray = node.record.gray;
  const bool ready = node.facts.has_value() && node.facts->ready && !node.facts->unschedulable;
  const bool waits = node.record.failed_over || gray.tainted || gray.drained || !ready;
  if (node.record.moved.empty() || waits || turn.FindOpen(node.open_decision) != nullptr) return;
  std::vector<WorkloadRecovery> moved;
  moved.swap(node.record.moved);
  turn.RecordChanged(node);
  StartRebalance(turn, node, std::move(moved));
}

bool HasReported(const Node& node) {
  return node.session && node.sickness.session_id == node.session->id;
}

}  // namespace

void OnNodeHealthChanged(Turn& turn, const NodeHealthChanged& event) {
  Node* node = turn.FindNode(event.node);
  if (node == nullptr || !node->session || node->session->id != event.session_id) return;
  Sickness& sickness = node->sickness;
  sickness.in_care = IsInCare(turn, *node);
  if (sickness.session_id != event.session_id) {
    BeginSession(sickness, turn.ClusterOf(*node).policy.gray, event.session_id, turn.now);
  }
  sickness.told = event.symptoms;
  sickness.all_known = event.all_known;
  ReviewHealth(turn, *node);
}

void ReviewHealth(Turn& turn, Node& node) {
  const TimerKey timer{TimerKind::kHealth, node.key, {}};
  turn.state.timers.Clear(timer);
  if (!HasReported(node) || node.silence || !TakesPart(node)) return;
  const Cluster& cluster = turn.ClusterOf(node);
  node.sickness.in_care = IsInCare(turn, node);
  const SicknessJudgement judgement = JudgeSickness(node.sickness, cluster.policy.gray, turn.now);
  absl::Time next = judgement.next;
  if (judgement.gray) {
    const std::string reason = Reason(judgement.symptoms);
    if (node.verdict != Verdict::kGray || node.reason != reason) {
      SetVerdict(turn, node, Verdict::kGray, reason);
    }
    UpdateWell(turn, node);
    UpdateGrayWell(turn, node);
    StopRebalance(turn, node, absl::StrCat(node.key.node, " is sick"));
    OnNodeGray(turn, node, judgement.symptoms);
    next = std::min(next, turn.now + kTryAgain);
  } else {
    if (node.verdict == Verdict::kGray) {
      SetVerdict(turn, node, Verdict::kHealthy,
                 absl::StrCat("its agent finds it well again after ", Say(turn.now - node.since)));
    }
    UpdateWell(turn, node);
    if (node.sickness.well_since) OnNodeWell(turn, node);
    UpdateGrayWell(turn, node);
    if (node.sickness.well_since) ResumeRebalance(turn, node);
  }
  if (next != absl::InfiniteFuture()) turn.state.timers.Set(timer, next);
}

void HealthUnknown(Turn& turn, Node& node) {
  turn.state.timers.Clear({TimerKind::kHealth, node.key, {}});
  ForgetTimes(node.sickness);
  UpdateGrayWell(turn, node);
  HoldLadder(turn, node);
}

}  // namespace evenkeel::coordinator
