// The core's one entrance: which room an event or a deadline belongs to. No judgement is made here.

#include <algorithm>
#include <utility>
#include <variant>

#include "common/base/check.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/clusters.h"
#include "coordinator/core/core.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/fencing_proof.h"
#include "coordinator/core/gray_readmission.h"
#include "coordinator/core/node_health.h"
#include "coordinator/core/nodes.h"
#include "coordinator/core/orders.h"
#include "coordinator/core/patience.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/round.h"
#include "coordinator/core/scale/look.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sessions.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing.h"
#include "coordinator/core/standing_turn.h"
#include "coordinator/core/switch_turn.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {
namespace {

// The core wants to be called this often even with nothing due, so that it notices when it is not.
constexpr absl::Duration kLongestRest = absl::Milliseconds(250);

absl::Time NextCall(const State& state) {
  return std::min({state.timers.Next(), state.looks.Next(), state.last_step + kLongestRest});
}

struct Dispatch {
  Turn& turn;
  void operator()(const SessionOpened& event) const { OnSessionOpened(turn, event); }
  void operator()(const SessionClosed& event) const { OnSessionClosed(turn, event); }
  void operator()(const BeatMissed& event) const { OnBeatMissed(turn, event); }
  void operator()(const BeatResumed& event) const { OnBeatResumed(turn, event); }
  void operator()(const ProbeAnswered& event) const { OnProbeAnswered(turn, event); }
  void operator()(const ClusterAdded& event) const { OnClusterAdded(turn, event); }
  void operator()(const ApiChanged& event) const { OnApiChanged(turn, event); }
  void operator()(const NodeObserved& event) const { OnNodeObserved(turn, event); }
  void operator()(const NodeGone& event) const { OnNodeGone(turn, event); }
  void operator()(const PodObserved& event) const { OnPodObserved(turn, event); }
  void operator()(const PodGone& event) const { OnPodGone(turn, event); }
  void operator()(const LeaseRead& event) const { OnLeaseRead(turn, event); }
  void operator()(const KubeletAnswered& event) const { OnKubeletAnswered(turn, event); }
  void operator()(const ActionFinished& event) const { OnActionFinished(turn, event); }
  void operator()(const ApplyPolicy& event) const { OnApplyPolicy(turn, event); }
  void operator()(const DeletePolicy& event) const { OnDeletePolicy(turn, event); }
  void operator()(const StartMaintenance& event) const { OnStartMaintenance(turn, event); }
  void operator()(const EndMaintenance& event) const { OnEndMaintenance(turn, event); }
  void operator()(const PauseClusters& event) const { OnPauseClusters(turn, event); }
  void operator()(const ResumeClusters& event) const { OnResumeClusters(turn, event); }
  void operator()(const NodeHealthChanged& event) const { OnNodeHealthChanged(turn, event); }
  void operator()(const FencingReported& event) const { OnFencingReported(turn, event); }
  void operator()(const ConfirmFence& event) const { OnConfirmFence(turn, event); }
  void operator()(const WorkloadObserved& event) const { OnWorkloadObserved(turn, event); }
  void operator()(const WorkloadGone& event) const { OnWorkloadGone(turn, event); }
  void operator()(const WorkloadPodObserved& event) const { OnWorkloadPodObserved(turn, event); }
  void operator()(const WorkloadPodGone& event) const { OnWorkloadPodGone(turn, event); }
  void operator()(const AutoscalerObserved& event) const { OnAutoscalerObserved(turn, event); }
  void operator()(const AutoscalerGone& event) const { OnAutoscalerGone(turn, event); }
  void operator()(const UsageTold& event) const { OnUsageTold(turn, event); }
  void operator()(const TakeOverAutoscaler& event) const { OnTakeOverAutoscaler(turn, event); }
  void operator()(const RouteRead& event) const { OnRouteRead(turn, event); }
  void operator()(const RouteLost& event) const { OnRouteLost(turn, event); }
  void operator()(const BackendChecked& event) const { OnBackendChecked(turn, event); }
  void operator()(const ApplicationObserved& event) const { OnApplicationObserved(turn, event); }
  void operator()(const ApplicationGone& event) const { OnApplicationGone(turn, event); }
  void operator()(const ProbesTold& event) const { OnProbesTold(turn, event); }
  void operator()(const HookAnswered& event) const { OnHookAnswered(turn, event); }
  void operator()(const PlanSwitch& event) const { OnPlanSwitch(turn, event); }
  void operator()(const StartSwitch& event) const { OnStartSwitch(turn, event); }
  void operator()(const OrderSwitch& event) const { OnOrderSwitch(turn, event); }
  void operator()(const ClusterUsage& event) const { OnClusterUsage(turn, event); }
  void operator()(const ApiAnswered& event) const { OnApiAnswered(turn, event); }
  void operator()(const Tick&) const {}  // time is all it brings
  void operator()(const OwnDelay& event) const { OnOwnDelay(turn, event); }
};

void OnDue(Turn& turn, const TimerKey& timer) {
  switch (timer.kind) {
    case TimerKind::kSight:
      if (Cluster* cluster = turn.FindCluster(timer.node.cluster)) OnSightDue(turn, *cluster);
      return;
    case TimerKind::kRound:
      if (Node* node = turn.FindNode(timer.node)) OnRoundDue(turn, *node);
      return;
    case TimerKind::kCheck:
      if (Node* node = turn.FindNode(timer.node)) OnCheckDue(turn, *node);
      return;
    case TimerKind::kReadmission:
      if (Node* node = turn.FindNode(timer.node)) OnReadmissionDue(turn, *node);
      return;
    case TimerKind::kHealth:
      if (Node* node = turn.FindNode(timer.node)) ReviewHealth(turn, *node);
      return;
    case TimerKind::kGrayReadmission:
      if (Node* node = turn.FindNode(timer.node)) OnGrayReadmissionDue(turn, *node);
      return;
    case TimerKind::kDecisionTimeout:
      if (OpenDecision* open = turn.FindOpen(timer.decision)) OnDecisionTimeout(turn, *open);
      return;
    case TimerKind::kRetry:
      if (OpenDecision* open = turn.FindOpen(timer.decision)) OnRetryDue(turn, *open);
      return;
    case TimerKind::kOwnHealth:
      return OnEaseDue(turn);
    case TimerKind::kLatePods:
      if (OpenDecision* open = turn.FindOpen(timer.decision)) OnLatePodsDue(turn, *open);
      return;
    case TimerKind::kMaintenance:
      return OnMaintenanceDue(turn, timer.node);
    case TimerKind::kPause:
      if (Cluster* cluster = turn.FindCluster(timer.node.cluster)) OnPauseDue(turn, *cluster);
      return;
    case TimerKind::kAbsorb:
      if (Node* node = turn.FindNode(timer.node)) OnAbsorbDue(turn, *node);
      return;
    case TimerKind::kFence:
      if (Node* node = turn.FindNode(timer.node)) OnFenceDue(turn, *node);
      return;
    case TimerKind::kHook:
      if (Node* node = turn.FindNode(timer.node)) OnHookDue(turn, *node);
      return;
    case TimerKind::kBurst:
      if (Cluster* cluster = turn.FindCluster(timer.node.cluster)) OnBurstDue(turn, *cluster);
      return;
    case TimerKind::kSwitch:
      return OnSwitchDue(turn, timer.subject);
  }
}

// The looks of scalers come between the other deadlines of their moment: after what tells them of nodes and
// decisions, and before the look at the virtual nodes.
void MeetDeadlines(Turn& turn) {
  State& state = turn.state;
  while (true) {
    const absl::Time look = state.looks.Next();
    if (look <= turn.now && !state.timers.IsDueBefore(look, TimerKind::kBurst)) {
      OnScaleDue(turn, state.looks.Pop());
    } else if (const auto due = state.timers.PopDue(turn.now)) {
      OnDue(turn, *due);
    } else {
      return;
    }
  }
}

}  // namespace

Core::Core(const Restored& restored, absl::Time now) : state_(std::make_unique<State>()) {
  state_->epoch = restored.epoch;
  state_->last_step = now;
  for (const Policy& policy : restored.policies) state_->policies[policy.name] = policy;
  for (const NodeRecord& record : restored.nodes) state_->restored[record.key.cluster].push_back(record);
  for (const ClusterRecord& record : restored.clusters) state_->restored_clusters[record.cluster] = record;
  for (const Maintenance& window : restored.maintenances)
    state_->restored_maintenance[window.node.cluster].push_back(window);
  for (const ScalerRecord& record : restored.scalers) state_->restored_scalers[record.policy] = record;
  for (const StoredSwitch& one : restored.switches) state_->restored_switches[one.decision] = one.record;
  for (const StandingRecord& record : restored.standings) state_->restored_standing[record.policy] = record;
  for (const Decision& decision : restored.open_decisions) state_->open[decision.id].decision = decision;
}

Core::~Core() = default;

Effects Core::Step(const Event& event, absl::Time now) {
  State& state = *state_;
  EVENKEEL_CHECK(now >= state.last_step)
      << "time went back by " << absl::FormatDuration(state.last_step - now);
  const absl::Duration late = now - NextCall(state);
  state.last_step = now;
  Turn turn(state, now);
  // L2: before anything is judged by what this event says, the core doubts the time that it slept through.
  if (late > kStallAfter) OnStall(turn, late);
  NoteOwnDelay(turn, DelaySource::kLoop, late);
  if (!std::exchange(state.switches_restored, true)) RestoreSwitches(turn);
  // The event before the deadlines: what speaks for life just in time counts.
  std::visit(Dispatch{turn}, event);
  MeetDeadlines(turn);
  return turn.Finish();
}

absl::Time Core::NextDeadline() const {
  return NextCall(*state_);
}

const std::map<std::string, Policy>& Core::policies() const {
  return state_->policies;
}

}  // namespace evenkeel::coordinator
