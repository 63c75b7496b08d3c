#include "coordinator/store/records.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

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
    {DecisionKind::kMaintenance, stored::DECISION_KIND_MAINTENANCE},
    {DecisionKind::kPause, stored::DECISION_KIND_PAUSE},
    {DecisionKind::kGray, stored::DECISION_KIND_GRAY},
    {DecisionKind::kGrayReadmission, stored::DECISION_KIND_GRAY_READMISSION},
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
    {ActionKind::kTaintGray, stored::ACTION_KIND_TAINT_GRAY},
    {ActionKind::kUntaintGray, stored::ACTION_KIND_UNTAINT_GRAY},
    {ActionKind::kRestartKubelet, stored::ACTION_KIND_RESTART_KUBELET},
    {ActionKind::kRestartRuntime, stored::ACTION_KIND_RESTART_RUNTIME},
    {ActionKind::kTaintOutOfService, stored::ACTION_KIND_TAINT_OUT_OF_SERVICE},
    {ActionKind::kUntaintOutOfService, stored::ACTION_KIND_UNTAINT_OUT_OF_SERVICE},
    {ActionKind::kFenceNode, stored::ACTION_KIND_FENCE_NODE},
};
constexpr Pair<ActionState, stored::ActionState> kActionStates[] = {
    {ActionState::kPending, stored::ACTION_STATE_PENDING},
    {ActionState::kReleased, stored::ACTION_STATE_RELEASED},
    {ActionState::kDone, stored::ACTION_STATE_DONE},
    {ActionState::kFailed, stored::ACTION_STATE_FAILED},
    {ActionState::kSkipped, stored::ACTION_STATE_SKIPPED},
};
constexpr Pair<FenceMethod, stored::FenceMethod> kFenceMethods[] = {
    {FenceMethod::kSelf, stored::FENCE_METHOD_SELF},
    {FenceMethod::kHook, stored::FENCE_METHOD_HOOK},
    {FenceMethod::kOperator, stored::FENCE_METHOD_OPERATOR},
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
  if (timings.fenced) record.set_fenced_ns(ToStored(*timings.fenced));
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
  if (record.has_fenced_ns()) timings.fenced = TimeFrom(record.fenced_ns());
  return timings;
}

stored::Controller ToRecord(const Controller& controller) {
  stored::Controller record;
  record.set_kind(controller.kind);
  record.set_name(controller.name);
  record.set_uid(controller.uid);
  return record;
}

Controller FromRecord(const stored::Controller& record) {
  return {.kind = record.kind(), .name = record.name(), .uid = record.uid()};
}

stored::UnplacedPod ToRecord(const UnplacedPod& pod) {
  stored::UnplacedPod record;
  record.set_namespace_(pod.name_space);
  record.set_name(pod.name);
  *record.mutable_controller() = ToRecord(pod.controller);
  record.set_priority(pod.priority);
  record.mutable_requests()->set_cpu_millicores(pod.requests.cpu_millicores);
  record.mutable_requests()->set_memory_bytes(pod.requests.memory_bytes);
  record.mutable_requests()->set_pods(pod.requests.pods);
  record.set_reason(pod.reason);
  return record;
}

UnplacedPod FromRecord(const stored::UnplacedPod& record) {
  return {.name_space = record.namespace_(),
          .name = record.name(),
          .controller = FromRecord(record.controller()),
          .priority = record.priority(),
          .requests = {.cpu_millicores = record.requests().cpu_millicores(),
                       .memory_bytes = record.requests().memory_bytes(),
                       .pods = record.requests().pods()},
          .reason = record.reason()};
}

stored::WorkloadRecovery ToRecord(const WorkloadRecovery& workload) {
  stored::WorkloadRecovery record;
  record.set_namespace_(workload.name_space);
  *record.mutable_controller() = ToRecord(workload.controller);
  record.set_removed(workload.removed);
  record.set_restored(workload.restored);
  record.set_ready_elsewhere_before(workload.ready_elsewhere_before);
  record.set_waiting_for(workload.waiting_for);
  return record;
}

WorkloadRecovery FromRecord(const stored::WorkloadRecovery& record) {
  return {.name_space = record.namespace_(),
          .controller = FromRecord(record.controller()),
          .removed = record.removed(),
          .restored = record.restored(),
          .ready_elsewhere_before = record.ready_elsewhere_before(),
          .waiting_for = record.waiting_for()};
}

stored::DisruptionLimits ToRecord(const DisruptionLimits& limits) {
  stored::DisruptionLimits record;
  if (const auto& nodes = limits.max_unavailable_nodes_per_domain)
    record.set_max_unavailable_nodes_per_domain(*nodes);
  record.set_max_unavailable_percent_per_domain(limits.max_unavailable_percent_per_domain);
  if (limits.max_disruptions) record.set_max_disruptions(*limits.max_disruptions);
  if (const auto& most = limits.max_disruptions_per_domain) record.set_max_disruptions_per_domain(*most);
  record.set_disruption_window_ns(ToStored(limits.disruption_window));
  record.set_min_healthy_nodes(limits.min_healthy_nodes);
  record.set_min_healthy_percent(limits.min_healthy_percent);
  record.set_storm_cool_down_ns(ToStored(limits.storm_cool_down));
  record.set_release_budget_after_ns(ToStored(limits.release_budget_after));
  return record;
}

DisruptionLimits FromRecord(const stored::DisruptionLimits& record) {
  DisruptionLimits limits{.max_unavailable_percent_per_domain = record.max_unavailable_percent_per_domain(),
                          .disruption_window = DurationFrom(record.disruption_window_ns()),
                          .min_healthy_nodes = record.min_healthy_nodes(),
                          .min_healthy_percent = record.min_healthy_percent(),
                          .storm_cool_down = DurationFrom(record.storm_cool_down_ns()),
                          .release_budget_after = DurationFrom(record.release_budget_after_ns())};
  if (record.has_max_unavailable_nodes_per_domain())
    limits.max_unavailable_nodes_per_domain = record.max_unavailable_nodes_per_domain();
  if (record.has_max_disruptions()) limits.max_disruptions = record.max_disruptions();
  if (record.has_max_disruptions_per_domain())
    limits.max_disruptions_per_domain = record.max_disruptions_per_domain();
  return limits;
}

stored::GrayPolicy ToRecord(const GrayPolicy& gray) {
  stored::GrayPolicy record;
  record.set_after_ns(ToStored(gray.after));
  record.set_recover_after_ns(ToStored(gray.recover_after));
  record.set_memory_stall_percent(gray.memory_stall_percent);
  record.set_oom_kills(gray.oom_kills);
  record.set_io_errors(gray.io_errors);
  record.set_taint(gray.taint);
  record.set_restart(gray.restart);
  record.set_drain(gray.drain);
  record.set_restart_timeout_ns(ToStored(gray.restart_timeout));
  record.set_escalate_after_ns(ToStored(gray.escalate_after));
  return record;
}

GrayPolicy FromRecord(const stored::GrayPolicy& record) {
  return {.after = DurationFrom(record.after_ns()),
          .recover_after = DurationFrom(record.recover_after_ns()),
          .memory_stall_percent = record.memory_stall_percent(),
          .oom_kills = record.oom_kills(),
          .io_errors = record.io_errors(),
          .taint = record.taint(),
          .restart = record.restart(),
          .drain = record.drain(),
          .restart_timeout = DurationFrom(record.restart_timeout_ns()),
          .escalate_after = DurationFrom(record.escalate_after_ns())};
}

stored::GrayRecord ToRecord(const GrayRecord& gray) {
  stored::GrayRecord record;
  record.set_tainted(gray.tainted);
  record.set_drained(gray.drained);
  if (gray.decision) *record.mutable_decision() = ToRecord(*gray.decision);
  return record;
}

GrayRecord FromRecord(const stored::GrayRecord& record) {
  GrayRecord gray{.tainted = record.tainted(), .drained = record.drained(), .decision = {}};
  if (record.has_decision()) gray.decision = FromRecord(record.decision());
  return gray;
}

stored::NodeFencing ToRecord(const NodeFencing& fencing) {
  stored::NodeFencing record;
  record.set_version(fencing.version);
  for (const std::string& voucher : fencing.vouchers) record.add_vouchers(voucher);
  if (fencing.armed) {
    stored::ArmedFence& armed = *record.mutable_armed();
    armed.set_isolation_timeout_ns(ToStored(fencing.armed->isolation_timeout));
    armed.set_stop_timeout_ns(ToStored(fencing.armed->stop_timeout));
    if (fencing.armed->watchdog_timeout) {
      armed.set_watchdog_timeout_ns(ToStored(*fencing.armed->watchdog_timeout));
    }
    for (const std::string& pod : fencing.armed->pods) armed.add_pods(pod);
    armed.set_boot_id(fencing.armed->boot_id);
  }
  record.set_condemned(fencing.condemned);
  record.set_out_of_service(fencing.out_of_service);
  if (fencing.proof) {
    stored::FenceProof& proof = *record.mutable_proof();
    proof.set_method(ToStored(kFenceMethods, fencing.proof->method));
    proof.set_time_ns(ToStored(fencing.proof->time));
    proof.set_detail(fencing.proof->detail);
    for (const std::string& pod : fencing.proof->pods) proof.add_pods(pod);
    proof.set_lease_version(fencing.proof->lease_version);
  }
  return record;
}

absl::StatusOr<NodeFencing> FromRecord(const stored::NodeFencing& record) {
  NodeFencing fencing{.version = record.version(),
                      .vouchers = {record.vouchers().begin(), record.vouchers().end()},
                      .armed = {},
                      .condemned = record.condemned(),
                      .out_of_service = record.out_of_service(),
                      .proof = {}};
  if (record.has_armed()) {
    const stored::ArmedFence& stored_armed = record.armed();
    ArmedFence armed{.isolation_timeout = DurationFrom(stored_armed.isolation_timeout_ns()),
                     .stop_timeout = DurationFrom(stored_armed.stop_timeout_ns()),
                     .watchdog_timeout = {},
                     .pods = {stored_armed.pods().begin(), stored_armed.pods().end()},
                     .boot_id = stored_armed.boot_id()};
    if (stored_armed.has_watchdog_timeout_ns()) {
      armed.watchdog_timeout = DurationFrom(stored_armed.watchdog_timeout_ns());
    }
    fencing.armed = std::move(armed);
  }
  if (record.has_proof()) {
    FenceProof proof{.time = TimeFrom(record.proof().time_ns()),
                     .detail = record.proof().detail(),
                     .pods = {record.proof().pods().begin(), record.proof().pods().end()},
                     .lease_version = record.proof().lease_version()};
    EVENKEEL_RETURN_IF_ERROR(
        FromStored(kFenceMethods, record.proof().method(), "FenceProof.method", proof.method));
    fencing.proof = std::move(proof);
  }
  return fencing;
}

stored::FencingPolicy ToRecord(const FencingPolicy& policy) {
  stored::FencingPolicy record;
  record.set_self_fencing(policy.self_fencing);
  if (policy.isolation_timeout) record.set_isolation_timeout_ns(ToStored(*policy.isolation_timeout));
  record.set_stop_timeout_ns(ToStored(policy.stop_timeout));
  record.set_without_watchdog(policy.without_watchdog);
  record.set_hook(policy.hook);
  return record;
}

FencingPolicy FromRecord(const stored::FencingPolicy& record) {
  FencingPolicy policy{.self_fencing = record.self_fencing(),
                       .isolation_timeout = {},
                       .stop_timeout = DurationFrom(record.stop_timeout_ns()),
                       .without_watchdog = record.without_watchdog(),
                       .hook = record.hook()};
  if (record.has_isolation_timeout_ns())
    policy.isolation_timeout = DurationFrom(record.isolation_timeout_ns());
  return policy;
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
  for (const UnplacedPod& pod : decision.unplaced) *record.add_unplaced() = ToRecord(pod);
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
  for (const stored::UnplacedPod& pod : record.unplaced()) decision.unplaced.push_back(FromRecord(pod));
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
  if (node.recovered) record.set_recovered_ns(ToStored(*node.recovered));
  if (node.gray != GrayRecord{}) *record.mutable_gray() = ToRecord(node.gray);
  if (node.fencing != NodeFencing{}) *record.mutable_fencing() = ToRecord(node.fencing);
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
  if (record.has_recovered_ns()) node.recovered = TimeFrom(record.recovered_ns());
  if (record.has_gray()) node.gray = FromRecord(record.gray());
  if (record.has_fencing()) {
    EVENKEEL_ASSIGN_OR_RETURN(node.fencing, FromRecord(record.fencing()));
  }
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
  out.set_max_readmit_after_ns(ToStored(failover.max_readmit_after));
  out.set_rebalance(failover.rebalance);
  out.set_recovery_timeout_ns(ToStored(failover.recovery_timeout));
  if (failover.max_suspect_after) out.set_max_suspect_after_ns(ToStored(*failover.max_suspect_after));
  *out.mutable_limits() = ToRecord(failover.limits);
  *out.mutable_gray() = ToRecord(failover.gray);
  if (failover.fencing != FencingPolicy{}) *out.mutable_fencing() = ToRecord(failover.fencing);
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
  if (failover.has_limits()) policy.failover.limits = FromRecord(failover.limits());
  if (failover.has_fencing()) policy.failover.fencing = FromRecord(failover.fencing());
  if (failover.has_beat_interval_ns()) {
    policy.failover.beat_interval = DurationFrom(failover.beat_interval_ns());
  }
  if (failover.has_suspect_after_ns()) {
    policy.failover.suspect_after = DurationFrom(failover.suspect_after_ns());
  }
  if (failover.has_max_readmit_after_ns()) {
    policy.failover.max_readmit_after = DurationFrom(failover.max_readmit_after_ns());
  }
  if (failover.has_max_suspect_after_ns()) {
    policy.failover.max_suspect_after = DurationFrom(failover.max_suspect_after_ns());
  }
  if (failover.has_gray()) policy.failover.gray = FromRecord(failover.gray());
  return policy;
}

stored::Cluster ToRecord(const ClusterRecord& cluster) {
  stored::Cluster record;
  record.set_cluster(cluster.cluster);
  if (cluster.pause) {
    stored::Pause& pause = *record.mutable_pause();
    pause.set_start_ns(ToStored(cluster.pause->start));
    pause.set_end_ns(ToStored(cluster.pause->end));
    pause.set_reason(cluster.pause->reason);
  }
  record.set_booked_until_ns(ToStored(cluster.booked_until));
  for (const auto& [domain, booked_until] : cluster.domain_booked_until) {
    stored::DomainBooking& booking = *record.add_domains();
    booking.set_domain(domain);
    booking.set_booked_until_ns(ToStored(booked_until));
  }
  record.set_storm_ns(ToStored(cluster.storm));
  record.set_storm_reason(cluster.storm_reason);
  return record;
}

absl::StatusOr<ClusterRecord> FromRecord(const stored::Cluster& record) {
  ClusterRecord cluster{.cluster = record.cluster(),
                        .pause = std::nullopt,
                        .booked_until = TimeFrom(record.booked_until_ns()),
                        .domain_booked_until = {},
                        .storm = TimeFrom(record.storm_ns()),
                        .storm_reason = record.storm_reason()};
  if (record.has_pause()) {
    cluster.pause = Pause{.cluster = record.cluster(),
                          .start = TimeFrom(record.pause().start_ns()),
                          .end = TimeFrom(record.pause().end_ns()),
                          .reason = record.pause().reason()};
  }
  for (const stored::DomainBooking& booking : record.domains()) {
    cluster.domain_booked_until[booking.domain()] = TimeFrom(booking.booked_until_ns());
  }
  return cluster;
}

stored::Maintenance ToRecord(const Maintenance& maintenance) {
  stored::Maintenance record;
  record.set_cluster(maintenance.node.cluster);
  record.set_node(maintenance.node.node);
  record.set_start_ns(ToStored(maintenance.start));
  record.set_end_ns(ToStored(maintenance.end));
  record.set_reason(maintenance.reason);
  return record;
}

absl::StatusOr<Maintenance> FromRecord(const stored::Maintenance& record) {
  return Maintenance{.node = {.cluster = record.cluster(), .node = record.node()},
                     .start = TimeFrom(record.start_ns()),
                     .end = TimeFrom(record.end_ns()),
                     .reason = record.reason()};
}

}  // namespace evenkeel::coordinator
