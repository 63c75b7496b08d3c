// Decisions, with all that stands in them.

#include "coordinator/store/records.h"

#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/record_parts.h"
#include "coordinator/store/route_records.h"
#include "coordinator/store/scale_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<Verdict, stored::Verdict> kVerdicts[] = {
    {Verdict::kUnknown, stored::VERDICT_UNSPECIFIED},
    {Verdict::kHealthy, stored::VERDICT_HEALTHY},
    {Verdict::kSuspect, stored::VERDICT_SUSPECT},
    {Verdict::kAgentLost, stored::VERDICT_AGENT_LOST},
    {Verdict::kPartitioned, stored::VERDICT_PARTITIONED},
    {Verdict::kGray, stored::VERDICT_GRAY},
    {Verdict::kDead, stored::VERDICT_DEAD},
};
constexpr EnumPair<Confidence, stored::Confidence> kConfidences[] = {
    {Confidence::kNone, stored::CONFIDENCE_UNSPECIFIED},
    {Confidence::kLow, stored::CONFIDENCE_LOW},
    {Confidence::kMedium, stored::CONFIDENCE_MEDIUM},
    {Confidence::kHigh, stored::CONFIDENCE_HIGH},
};
constexpr EnumPair<DecisionKind, stored::DecisionKind> kDecisionKinds[] = {
    {DecisionKind::kFailover, stored::DECISION_KIND_FAILOVER},
    {DecisionKind::kReadmission, stored::DECISION_KIND_READMISSION},
    {DecisionKind::kRebalance, stored::DECISION_KIND_REBALANCE},
    {DecisionKind::kAgentLost, stored::DECISION_KIND_AGENT_LOST},
    {DecisionKind::kBlind, stored::DECISION_KIND_BLIND},
    {DecisionKind::kMaintenance, stored::DECISION_KIND_MAINTENANCE},
    {DecisionKind::kPause, stored::DECISION_KIND_PAUSE},
    {DecisionKind::kGray, stored::DECISION_KIND_GRAY},
    {DecisionKind::kGrayReadmission, stored::DECISION_KIND_GRAY_READMISSION},
    {DecisionKind::kScale, stored::DECISION_KIND_SCALE},
    {DecisionKind::kTakeOver, stored::DECISION_KIND_TAKE_OVER},
    {DecisionKind::kBurst, stored::DECISION_KIND_BURST},
    {DecisionKind::kValve, stored::DECISION_KIND_VALVE},
    {DecisionKind::kFirstToGo, stored::DECISION_KIND_FIRST_TO_GO},
    {DecisionKind::kBackOff, stored::DECISION_KIND_BACK_OFF},
    {DecisionKind::kDrainBack, stored::DECISION_KIND_DRAIN_BACK},
    {DecisionKind::kHeadroom, stored::DECISION_KIND_HEADROOM},
    {DecisionKind::kSwitch, stored::DECISION_KIND_SWITCH},
};
constexpr EnumPair<DecisionState, stored::DecisionState> kDecisionStates[] = {
    {DecisionState::kOpen, stored::DECISION_STATE_OPEN},
    {DecisionState::kSucceeded, stored::DECISION_STATE_SUCCEEDED},
    {DecisionState::kFailed, stored::DECISION_STATE_FAILED},
    {DecisionState::kCancelled, stored::DECISION_STATE_CANCELLED},
    {DecisionState::kObserved, stored::DECISION_STATE_OBSERVED},
    {DecisionState::kRefused, stored::DECISION_STATE_REFUSED},
};
constexpr EnumPair<Direction, stored::Direction> kDirections[] = {
    {Direction::kNeither, stored::DIRECTION_UNSPECIFIED},
    {Direction::kAgainstLife, stored::DIRECTION_AGAINST_LIFE},
    {Direction::kForLife, stored::DIRECTION_FOR_LIFE},
};
constexpr EnumPair<ActionKind, stored::ActionKind> kActionKinds[] = {
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
    {ActionKind::kSetReplicas, stored::ACTION_KIND_SET_REPLICAS},
    {ActionKind::kDeleteAutoscaler, stored::ACTION_KIND_DELETE_AUTOSCALER},
    {ActionKind::kOpenValve, stored::ACTION_KIND_OPEN_VALVE},
    {ActionKind::kCloseValve, stored::ACTION_KIND_CLOSE_VALVE},
    {ActionKind::kSetDeletionCost, stored::ACTION_KIND_SET_DELETION_COST},
    {ActionKind::kSetPlaceholders, stored::ACTION_KIND_SET_PLACEHOLDERS},
    {ActionKind::kAskForMachines, stored::ACTION_KIND_ASK_FOR_MACHINES},
    {ActionKind::kShapeRoute, stored::ACTION_KIND_SHAPE_ROUTE},
};
constexpr EnumPair<ActionState, stored::ActionState> kActionStates[] = {
    {ActionState::kPending, stored::ACTION_STATE_PENDING},
    {ActionState::kReleased, stored::ACTION_STATE_RELEASED},
    {ActionState::kDone, stored::ACTION_STATE_DONE},
    {ActionState::kFailed, stored::ACTION_STATE_FAILED},
    {ActionState::kSkipped, stored::ACTION_STATE_SKIPPED},
};

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
  if (action.replicas) {
    stored::ReplicaChange& replicas = *record.mutable_replicas();
    replicas.set_group(action.replicas->group);
    replicas.set_version(action.replicas->version);
    replicas.set_kind(action.replicas->kind);
    replicas.set_from(action.replicas->from);
    replicas.set_to(action.replicas->to);
  }
  if (action.requests) {
    stored::Resources& requests = *record.mutable_requests();
    requests.set_cpu_millicores(action.requests->cpu_millicores);
    requests.set_memory_bytes(action.requests->memory_bytes);
    requests.set_pods(action.requests->pods);
  }
  if (action.route) *record.mutable_route() = ToRecord(*action.route);
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
  if (record.has_replicas()) {
    action.replicas = ReplicaChange{.group = record.replicas().group(),
                                    .version = record.replicas().version(),
                                    .kind = record.replicas().kind(),
                                    .from = record.replicas().from(),
                                    .to = record.replicas().to()};
  }
  if (record.has_requests()) {
    action.requests = Resources{.cpu_millicores = record.requests().cpu_millicores(),
                                .memory_bytes = record.requests().memory_bytes(),
                                .pods = record.requests().pods()};
  }
  if (record.has_route()) {
    EVENKEEL_ASSIGN_OR_RETURN(action.route, coordinator::FromRecord(record.route()));
  }
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

}  // namespace

stored::DecisionId ToRecord(const DecisionId& id) {
  stored::DecisionId record;
  record.set_epoch(id.epoch);
  record.set_number(id.number);
  return record;
}

DecisionId FromRecord(const stored::DecisionId& record) {
  return {.epoch = record.epoch(), .number = record.number()};
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
  if (decision.workload != Workload{}) *record.mutable_workload() = ToRecord(decision.workload);
  record.set_workload_uid(decision.workload_uid);
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
                    .outcome = record.outcome(),
                    .workload = FromRecord(record.workload()),
                    .workload_uid = record.workload_uid()};
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

}  // namespace evenkeel::coordinator
