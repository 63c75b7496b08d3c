#include "coordinator/store/records.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;

// ---- enums: pairs, so that neither side's order binds the other's ----

template <typename Core, typename Stored>
struct Pair {
  Core core;
  Stored record;
};

constexpr Pair<Verdict, stored::Verdict> kVerdicts[] = {
    {Verdict::kUnknown, stored::VERDICT_UNSPECIFIED},
    {Verdict::kHealthy, stored::VERDICT_HEALTHY},
    {Verdict::kSuspect, stored::VERDICT_SUSPECT},
    {Verdict::kAgentLost, stored::VERDICT_AGENT_LOST},
    {Verdict::kPartitioned, stored::VERDICT_PARTITIONED},
    {Verdict::kGray, stored::VERDICT_GRAY},
    {Verdict::kDead, stored::VERDICT_DEAD},
};
constexpr Pair<Confidence, stored::Confidence> kConfidences[] = {
    {Confidence::kNone, stored::CONFIDENCE_UNSPECIFIED},
    {Confidence::kLow, stored::CONFIDENCE_LOW},
    {Confidence::kMedium, stored::CONFIDENCE_MEDIUM},
    {Confidence::kHigh, stored::CONFIDENCE_HIGH},
};
constexpr Pair<DecisionKind, stored::DecisionKind> kDecisionKinds[] = {
    {DecisionKind::kFailover, stored::DECISION_KIND_FAILOVER},
    {DecisionKind::kReadmission, stored::DECISION_KIND_READMISSION},
    {DecisionKind::kRebalance, stored::DECISION_KIND_REBALANCE},
    {DecisionKind::kAgentLost, stored::DECISION_KIND_AGENT_LOST},
    {DecisionKind::kBlind, stored::DECISION_KIND_BLIND},
};
constexpr Pair<DecisionState, stored::DecisionState> kDecisionStates[] = {
    {DecisionState::kOpen, stored::DECISION_STATE_OPEN},
    {DecisionState::kSucceeded, stored::DECISION_STATE_SUCCEEDED},
    {DecisionState::kFailed, stored::DECISION_STATE_FAILED},
    {DecisionState::kCancelled, stored::DECISION_STATE_CANCELLED},
    {DecisionState::kObserved, stored::DECISION_STATE_OBSERVED},
    {DecisionState::kRefused, stored::DECISION_STATE_REFUSED},
};
constexpr Pair<Direction, stored::Direction> kDirections[] = {
    {Direction::kNeither, stored::DIRECTION_UNSPECIFIED},
    {Direction::kAgainstLife, stored::DIRECTION_AGAINST_LIFE},
    {Direction::kForLife, stored::DIRECTION_FOR_LIFE},
};
constexpr Pair<ActionKind, stored::ActionKind> kActionKinds[] = {
    {ActionKind::kTaintNode, stored::ACTION_KIND_TAINT_NODE},
    {ActionKind::kUntaintNode, stored::ACTION_KIND_UNTAINT_NODE},
    {ActionKind::kDeletePod, stored::ACTION_KIND_DELETE_POD},
    {ActionKind::kMarkPodUnready, stored::ACTION_KIND_MARK_POD_UNREADY},
    {ActionKind::kEvictPod, stored::ACTION_KIND_EVICT_POD},
};
constexpr Pair<ActionState, stored::ActionState> kActionStates[] = {
    {ActionState::kPending, stored::ACTION_STATE_PENDING},
    {ActionState::kReleased, stored::ACTION_STATE_RELEASED},
    {ActionState::kDone, stored::ACTION_STATE_DONE},
    {ActionState::kFailed, stored::ACTION_STATE_FAILED},
    {ActionState::kSkipped, stored::ACTION_STATE_SKIPPED},
};
constexpr Pair<PolicyMode, stored::PolicyMode> kPolicyModes[] = {
    {PolicyMode::kObserve, stored::POLICY_MODE_OBSERVE},
    {PolicyMode::kEnforce, stored::POLICY_MODE_ENFORCE},
};

template <typename Core, typename Stored, size_t size>
Stored ToStored(const Pair<Core, Stored> (&pairs)[size], Core value) {
  for (const auto& pair : pairs) {
    if (pair.core == value) return pair.record;
  }
  EVENKEEL_CHECK(false) << "no stored form of enum value " << static_cast<int>(value);
  return pairs[0].record;
}

template <typename Core, typename Stored, size_t size>
absl::Status FromStored(const Pair<Core, Stored> (&pairs)[size], Stored value, const char* field, Core& out) {
  for (const auto& pair : pairs) {
    if (pair.record == value) {
      out = pair.core;
      return absl::OkStatus();
    }
  }
  return absl::DataLossError(absl::StrCat("stored field ", field, " has the value ", static_cast<int>(value),
                                          ", which this version does not know: it was written by a newer "
                                          "coordinator, or damaged"));
}

// ---- times; absl maps both infinities to the ends of the range, but not back ----

constexpr int64_t kPast = std::numeric_limits<int64_t>::min();
constexpr int64_t kFuture = std::numeric_limits<int64_t>::max();

int64_t ToStored(absl::Time time) {
  return absl::ToUnixNanos(time);
}
int64_t ToStored(absl::Duration duration) {
  return absl::ToInt64Nanoseconds(duration);
}

absl::Time TimeFrom(int64_t ns) {
  if (ns == kPast) return absl::InfinitePast();
  if (ns == kFuture) return absl::InfiniteFuture();
  return absl::FromUnixNanos(ns);
}

absl::Duration DurationFrom(int64_t ns) {
  if (ns == kPast) return -absl::InfiniteDuration();
  if (ns == kFuture) return absl::InfiniteDuration();
  return absl::Nanoseconds(ns);
}

// ---- parts ----

stored::DecisionId ToRecord(const DecisionId& id) {
  stored::DecisionId record;
  record.set_epoch(id.epoch);
  record.set_number(id.number);
  return record;
}

DecisionId FromRecord(const stored::DecisionId& record) {
  return {.epoch = record.epoch(), .number = record.number()};
}

stored::Evidence ToRecord(const Evidence& evidence) {
  stored::Evidence record;
  record.set_time_ns(ToStored(evidence.time));
  record.set_source(evidence.source);
  record.set_observation(evidence.observation);
  record.set_direction(ToStored(kDirections, evidence.direction));
  return record;
}

absl::StatusOr<Evidence> FromRecord(const stored::Evidence& record) {
  Evidence evidence{
      .time = TimeFrom(record.time_ns()), .source = record.source(), .observation = record.observation()};
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(kDirections, record.direction(), "Evidence.direction", evidence.direction));
  return evidence;
}

stored::Action ToRecord(const Action& action) {
  stored::Action record;
  record.set_number(action.number);
  record.set_stage(action.stage);
  record.set_kind(ToStored(kActionKinds, action.kind));
  record.set_namespace_(action.name_space);
  record.set_name(action.name);
  record.set_uid(action.uid);
  record.set_state(ToStored(kActionStates, action.state));
  record.set_result(action.result);
  if (action.release_time) record.set_release_time_ns(ToStored(*action.release_time));
  if (action.finish_time) record.set_finish_time_ns(ToStored(*action.finish_time));
  record.set_attempts(action.attempts);
  return record;
}

absl::StatusOr<Action> FromRecord(const stored::Action& record) {
  Action action{.number = record.number(),
                .stage = record.stage(),
                .name_space = record.namespace_(),
                .name = record.name(),
                .uid = record.uid(),
                .result = record.result(),
                .attempts = record.attempts()};
  EVENKEEL_RETURN_IF_ERROR(FromStored(kActionKinds, record.kind(), "Action.kind", action.kind));
  EVENKEEL_RETURN_IF_ERROR(FromStored(kActionStates, record.state(), "Action.state", action.state));
  if (record.has_release_time_ns()) action.release_time = TimeFrom(record.release_time_ns());
  if (record.has_finish_time_ns()) action.finish_time = TimeFrom(record.finish_time_ns());
  return action;
}

stored::Timings ToRecord(const Timings& timings) {
  stored::Timings record;
  if (timings.last_sign) record.set_last_sign_ns(ToStored(*timings.last_sign));
  if (timings.detected) record.set_detected_ns(ToStored(*timings.detected));
  if (timings.judged) record.set_judged_ns(ToStored(*timings.judged));
  if (timings.intended) record.set_intended_ns(ToStored(*timings.intended));
  if (timings.acted) record.set_acted_ns(ToStored(*timings.acted));
  if (timings.recovered) record.set_recovered_ns(ToStored(*timings.recovered));
  if (timings.closed) record.set_closed_ns(ToStored(*timings.closed));
  return record;
}

Timings FromRecord(const stored::Timings& record) {
  Timings timings;
  if (record.has_last_sign_ns()) timings.last_sign = TimeFrom(record.last_sign_ns());
  if (record.has_detected_ns()) timings.detected = TimeFrom(record.detected_ns());
  if (record.has_judged_ns()) timings.judged = TimeFrom(record.judged_ns());
  if (record.has_intended_ns()) timings.intended = TimeFrom(record.intended_ns());
  if (record.has_acted_ns()) timings.acted = TimeFrom(record.acted_ns());
  if (record.has_recovered_ns()) timings.recovered = TimeFrom(record.recovered_ns());
  if (record.has_closed_ns()) timings.closed = TimeFrom(record.closed_ns());
  return timings;
}

stored::WorkloadRecovery ToRecord(const WorkloadRecovery& workload) {
  stored::WorkloadRecovery record;
  record.set_namespace_(workload.name_space);
  record.mutable_controller()->set_kind(workload.controller.kind);
  record.mutable_controller()->set_name(workload.controller.name);
  record.mutable_controller()->set_uid(workload.controller.uid);
  record.set_removed(workload.removed);
  record.set_restored(workload.restored);
  record.set_ready_elsewhere_before(workload.ready_elsewhere_before);
  record.set_waiting_for(workload.waiting_for);
  return record;
}

WorkloadRecovery FromRecord(const stored::WorkloadRecovery& record) {
  return {.name_space = record.namespace_(),
          .controller = {.kind = record.controller().kind(),
                         .name = record.controller().name(),
                         .uid = record.controller().uid()},
          .removed = record.removed(),
          .restored = record.restored(),
          .ready_elsewhere_before = record.ready_elsewhere_before(),
          .waiting_for = record.waiting_for()};
}

}  // namespace

stored::Decision ToRecord(const Decision& decision) {
  stored::Decision record;
  *record.mutable_id() = ToRecord(decision.id);
  record.set_kind(ToStored(kDecisionKinds, decision.kind));
  record.set_cluster(decision.cluster);
  record.set_node(decision.node);
  record.set_node_uid(decision.node_uid);
  record.set_state(ToStored(kDecisionStates, decision.state));
  record.set_summary(decision.summary);
  record.set_verdict(ToStored(kVerdicts, decision.verdict));
  record.set_confidence(ToStored(kConfidences, decision.confidence));
  for (const Evidence& evidence : decision.evidence) *record.add_evidence() = ToRecord(evidence);
  for (const GuardAnswer& answer : decision.guards) {
    stored::GuardAnswer& guard = *record.add_guards();
    guard.set_guard(answer.guard);
    guard.set_allowed(answer.allowed);
    guard.set_reason(answer.reason);
  }
  for (const Alternative& alternative : decision.alternatives) {
    stored::Alternative& added = *record.add_alternatives();
    added.set_description(alternative.description);
    added.set_reason(alternative.reason);
  }
  for (const Action& action : decision.actions) *record.add_actions() = ToRecord(action);
  *record.mutable_timings() = ToRecord(decision.timings);
  record.set_policy(decision.policy);
  record.set_policy_etag(decision.policy_etag);
  for (const WorkloadRecovery& workload : decision.workloads) *record.add_workloads() = ToRecord(workload);
  record.set_outcome(decision.outcome);
  return record;
}

absl::StatusOr<Decision> FromRecord(const stored::Decision& record) {
  Decision decision{.id = FromRecord(record.id()),
                    .cluster = record.cluster(),
                    .node = record.node(),
                    .node_uid = record.node_uid(),
                    .summary = record.summary(),
                    .timings = FromRecord(record.timings()),
                    .policy = record.policy(),
                    .policy_etag = record.policy_etag(),
                    .outcome = record.outcome()};
  EVENKEEL_RETURN_IF_ERROR(FromStored(kDecisionKinds, record.kind(), "Decision.kind", decision.kind));
  EVENKEEL_RETURN_IF_ERROR(FromStored(kDecisionStates, record.state(), "Decision.state", decision.state));
  EVENKEEL_RETURN_IF_ERROR(FromStored(kVerdicts, record.verdict(), "Decision.verdict", decision.verdict));
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(kConfidences, record.confidence(), "Decision.confidence", decision.confidence));
  for (const stored::Evidence& stored_evidence : record.evidence()) {
    EVENKEEL_ASSIGN_OR_RETURN(Evidence evidence, FromRecord(stored_evidence));
    decision.evidence.push_back(std::move(evidence));
  }
  for (const stored::GuardAnswer& guard : record.guards()) {
    decision.guards.push_back({.guard = guard.guard(), .allowed = guard.allowed(), .reason = guard.reason()});
  }
  for (const stored::Alternative& alternative : record.alternatives()) {
    decision.alternatives.push_back(
        {.description = alternative.description(), .reason = alternative.reason()});
  }
  for (const stored::Action& stored_action : record.actions()) {
    EVENKEEL_ASSIGN_OR_RETURN(Action action, FromRecord(stored_action));
    decision.actions.push_back(std::move(action));
  }
  for (const stored::WorkloadRecovery& workload : record.workloads()) {
    decision.workloads.push_back(FromRecord(workload));
  }
  return decision;
}

stored::Node ToRecord(const NodeRecord& node) {
  stored::Node record;
  record.set_cluster(node.key.cluster);
  record.set_name(node.key.node);
  record.set_uid(node.uid);
  record.set_agent_seen(node.agent_seen);
  record.set_failed_over(node.failed_over);
  if (node.failover) *record.mutable_failover() = ToRecord(*node.failover);
  for (const WorkloadRecovery& workload : node.moved) *record.add_moved() = ToRecord(workload);
  record.set_relapses(node.hold_down.relapses);
  if (node.hold_down.readmitted != absl::InfinitePast()) {
    record.set_readmitted_ns(ToStored(node.hold_down.readmitted));
  }
  record.set_agent_pod(node.agent_pod);
  return record;
}

absl::StatusOr<NodeRecord> FromRecord(const stored::Node& record) {
  NodeRecord node{.key = {.cluster = record.cluster(), .node = record.name()},
                  .uid = record.uid(),
                  .agent_seen = record.agent_seen(),
                  .failed_over = record.failed_over(),
                  .agent_pod = record.agent_pod()};
  node.hold_down.relapses = record.relapses();
  if (record.has_readmitted_ns()) node.hold_down.readmitted = TimeFrom(record.readmitted_ns());
  if (record.has_failover()) node.failover = FromRecord(record.failover());
  for (const stored::WorkloadRecovery& workload : record.moved()) node.moved.push_back(FromRecord(workload));
  return node;
}

stored::Policy ToRecord(const Policy& policy) {
  stored::Policy record;
  record.set_name(policy.name);
  record.set_etag(policy.etag);
  record.set_create_time_ns(ToStored(policy.create_time));
  record.set_update_time_ns(ToStored(policy.update_time));
  const FailoverPolicy& failover = policy.failover;
  stored::FailoverPolicy& out = *record.mutable_failover();
  out.set_cluster(failover.cluster);
  out.set_mode(ToStored(kPolicyModes, failover.mode));
  if (failover.beat_interval) out.set_beat_interval_ns(ToStored(*failover.beat_interval));
  if (failover.suspect_after) out.set_suspect_after_ns(ToStored(*failover.suspect_after));
  out.set_probe_timeout_ns(ToStored(failover.probe_timeout));
  out.set_witnesses(failover.witnesses);
  out.set_max_unavailable_nodes(failover.max_unavailable_nodes);
  out.set_max_unavailable_percent(failover.max_unavailable_percent);
  out.set_readmit_after_ns(ToStored(failover.readmit_after));
  out.set_rebalance(failover.rebalance);
  out.set_recovery_timeout_ns(ToStored(failover.recovery_timeout));
  if (failover.max_suspect_after) out.set_max_suspect_after_ns(ToStored(*failover.max_suspect_after));
  return record;
}

absl::StatusOr<Policy> FromRecord(const stored::Policy& record) {
  const stored::FailoverPolicy& failover = record.failover();
  Policy policy{.name = record.name(),
                .etag = record.etag(),
                .create_time = TimeFrom(record.create_time_ns()),
                .update_time = TimeFrom(record.update_time_ns()),
                .failover = {.cluster = failover.cluster(),
                             .probe_timeout = DurationFrom(failover.probe_timeout_ns()),
                             .witnesses = failover.witnesses(),
                             .max_unavailable_nodes = failover.max_unavailable_nodes(),
                             .max_unavailable_percent = failover.max_unavailable_percent(),
                             .readmit_after = DurationFrom(failover.readmit_after_ns()),
                             .rebalance = failover.rebalance(),
                             .recovery_timeout = DurationFrom(failover.recovery_timeout_ns())}};
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(kPolicyModes, failover.mode(), "FailoverPolicy.mode", policy.failover.mode));
  if (failover.has_beat_interval_ns()) {
    policy.failover.beat_interval = DurationFrom(failover.beat_interval_ns());
  }
  if (failover.has_suspect_after_ns()) {
    policy.failover.suspect_after = DurationFrom(failover.suspect_after_ns());
  }
  if (failover.has_max_suspect_after_ns()) {
    policy.failover.max_suspect_after = DurationFrom(failover.max_suspect_after_ns());
  }
  return policy;
}

}  // namespace evenkeel::coordinator
