#include "coordinator/serve/convert.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/scaler_messages.h"

namespace evenkeel::coordinator {
namespace {

// The bounds of google.protobuf.Timestamp (the years 1 to 9999) and Duration (ten thousand years), as their
// definitions say.
constexpr int64_t kFirstSecond = -62135596800;
constexpr int64_t kLastSecond = 253402300799;
constexpr int64_t kMostSeconds = 315576000000;

}  // namespace

// Overloads of the header's ToMessage, not names of an unnamed namespace, which would hide those.
static v1::Decision::Kind ToMessage(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kFailover:
      return v1::Decision::KIND_FAILOVER;
    case DecisionKind::kReadmission:
      return v1::Decision::KIND_READMISSION;
    case DecisionKind::kRebalance:
      return v1::Decision::KIND_REBALANCE;
    case DecisionKind::kAgentLost:
      return v1::Decision::KIND_AGENT_LOST;
    case DecisionKind::kBlind:
      return v1::Decision::KIND_BLIND;
    case DecisionKind::kMaintenance:
      return v1::Decision::KIND_MAINTENANCE;
    case DecisionKind::kPause:
      return v1::Decision::KIND_PAUSE;
    case DecisionKind::kGray:
      return v1::Decision::KIND_GRAY;
    case DecisionKind::kGrayReadmission:
      return v1::Decision::KIND_GRAY_READMISSION;
    case DecisionKind::kScale:
      return v1::Decision::KIND_SCALE;
    case DecisionKind::kTakeOver:
      return v1::Decision::KIND_TAKE_OVER;
    case DecisionKind::kBurst:
      return v1::Decision::KIND_BURST;
    case DecisionKind::kValve:
      return v1::Decision::KIND_VALVE;
    case DecisionKind::kFirstToGo:
      return v1::Decision::KIND_FIRST_TO_GO;
    case DecisionKind::kBackOff:
      return v1::Decision::KIND_BACK_OFF;
    case DecisionKind::kDrainBack:
      return v1::Decision::KIND_DRAIN_BACK;
    case DecisionKind::kHeadroom:
      return v1::Decision::KIND_HEADROOM;
    case DecisionKind::kSwitch:
      return v1::Decision::KIND_SWITCH;
  }
  return v1::Decision::KIND_UNSPECIFIED;
}

static v1::Decision::State ToMessage(DecisionState state) {
  switch (state) {
    case DecisionState::kOpen:
      return v1::Decision::STATE_OPEN;
    case DecisionState::kSucceeded:
      return v1::Decision::STATE_SUCCEEDED;
    case DecisionState::kFailed:
      return v1::Decision::STATE_FAILED;
    case DecisionState::kCancelled:
      return v1::Decision::STATE_CANCELLED;
    case DecisionState::kObserved:
      return v1::Decision::STATE_OBSERVED;
    case DecisionState::kRefused:
      return v1::Decision::STATE_REFUSED;
  }
  return v1::Decision::STATE_UNSPECIFIED;
}

static v1::Evidence::Direction ToMessage(Direction direction) {
  switch (direction) {
    case Direction::kNeither:
      return v1::Evidence::DIRECTION_UNSPECIFIED;
    case Direction::kAgainstLife:
      return v1::Evidence::DIRECTION_AGAINST_LIFE;
    case Direction::kForLife:
      return v1::Evidence::DIRECTION_FOR_LIFE;
  }
  return v1::Evidence::DIRECTION_UNSPECIFIED;
}

static v1::Action::Kind ToMessage(ActionKind kind) {
  switch (kind) {
    case ActionKind::kTaintNode:
      return v1::Action::KIND_TAINT_NODE;
    case ActionKind::kUntaintNode:
      return v1::Action::KIND_UNTAINT_NODE;
    case ActionKind::kDeletePod:
      return v1::Action::KIND_DELETE_POD;
    case ActionKind::kMarkPodUnready:
      return v1::Action::KIND_MARK_POD_UNREADY;
    case ActionKind::kEvictPod:
      return v1::Action::KIND_EVICT_POD;
    case ActionKind::kTaintGray:
      return v1::Action::KIND_TAINT_GRAY_NODE;
    case ActionKind::kUntaintGray:
      return v1::Action::KIND_UNTAINT_GRAY_NODE;
    case ActionKind::kRestartKubelet:
      return v1::Action::KIND_RESTART_KUBELET;
    case ActionKind::kRestartRuntime:
      return v1::Action::KIND_RESTART_RUNTIME;
    case ActionKind::kTaintOutOfService:
      return v1::Action::KIND_TAINT_OUT_OF_SERVICE;
    case ActionKind::kUntaintOutOfService:
      return v1::Action::KIND_UNTAINT_OUT_OF_SERVICE;
    case ActionKind::kFenceNode:
      return v1::Action::KIND_FENCE_NODE;
    case ActionKind::kSetReplicas:
      return v1::Action::KIND_SET_REPLICAS;
    case ActionKind::kDeleteAutoscaler:
      return v1::Action::KIND_DELETE_AUTOSCALER;
    case ActionKind::kOpenValve:
      return v1::Action::KIND_OPEN_VALVE;
    case ActionKind::kCloseValve:
      return v1::Action::KIND_CLOSE_VALVE;
    case ActionKind::kSetDeletionCost:
      return v1::Action::KIND_SET_DELETION_COST;
    case ActionKind::kSetPlaceholders:
      return v1::Action::KIND_SET_PLACEHOLDERS;
    case ActionKind::kAskForMachines:
      return v1::Action::KIND_ASK_FOR_MACHINES;
    case ActionKind::kShapeRoute:
      return v1::Action::KIND_SHAPE_ROUTE;
  }
  return v1::Action::KIND_UNSPECIFIED;
}

static v1::Action::State ToMessage(ActionState state) {
  switch (state) {
    case ActionState::kPending:
      return v1::Action::STATE_PENDING;
    case ActionState::kReleased:
      return v1::Action::STATE_RELEASED;
    case ActionState::kDone:
      return v1::Action::STATE_DONE;
    case ActionState::kFailed:
      return v1::Action::STATE_FAILED;
    case ActionState::kSkipped:
      return v1::Action::STATE_SKIPPED;
  }
  return v1::Action::STATE_UNSPECIFIED;
}

static std::string TargetOf(const Action& action) {
  if (action.replicas) {
    return WorkloadResource({.group = action.replicas->group,
                             .kind = action.replicas->kind,
                             .name_space = action.name_space,
                             .name = action.name});
  }
  if (action.kind == ActionKind::kAskForMachines) return action.name;
  if (action.route) {
    return absl::StrCat("gateways/", action.route->key.gateway, "/routes/", action.route->key.route);
  }
  if (action.name_space.empty()) return absl::StrCat("nodes/", action.name);
  const char* kinds = action.kind == ActionKind::kDeleteAutoscaler ? "horizontalpodautoscalers" : "pods";
  return absl::StrCat("namespaces/", action.name_space, "/", kinds, "/", action.name);
}

static v1::Action ToMessage(const Action& action) {
  v1::Action message;
  message.set_number(action.number);
  message.set_kind(ToMessage(action.kind));
  message.set_target(TargetOf(action));
  if (!action.uid.empty()) message.set_precondition(absl::StrCat("uid ", action.uid));
  if (action.replicas) {
    message.set_from_replicas(action.replicas->from);
    message.set_to_replicas(action.replicas->to);
  }
  if (action.requests) {
    message.set_cpu_millicores(action.requests->cpu_millicores);
    message.set_memory_bytes(action.requests->memory_bytes);
  }
  if (action.route) message.set_route_shape(ToWords(action.route->shape));
  message.set_state(ToMessage(action.state));
  message.set_result(action.result);
  if (action.release_time) *message.mutable_release_time() = ToMessage(*action.release_time);
  if (action.finish_time) *message.mutable_finish_time() = ToMessage(*action.finish_time);
  message.set_attempts(action.attempts);
  return message;
}

static v1::Timings ToMessage(const Timings& timings) {
  v1::Timings message;
  if (timings.last_sign) *message.mutable_last_sign_time() = ToMessage(*timings.last_sign);
  if (timings.detected) *message.mutable_detect_time() = ToMessage(*timings.detected);
  if (timings.judged) *message.mutable_judge_time() = ToMessage(*timings.judged);
  if (timings.intended) *message.mutable_intend_time() = ToMessage(*timings.intended);
  if (timings.acted) *message.mutable_act_time() = ToMessage(*timings.acted);
  if (timings.recovered) *message.mutable_recover_time() = ToMessage(*timings.recovered);
  if (timings.closed) *message.mutable_close_time() = ToMessage(*timings.closed);
  if (timings.fenced) *message.mutable_fence_time() = ToMessage(*timings.fenced);
  return message;
}

static v1::UnplacedPod ToMessage(const UnplacedPod& pod) {
  v1::UnplacedPod message;
  message.set_pod(absl::StrCat("namespaces/", pod.name_space, "/pods/", pod.name));
  message.set_workload(WorkloadResource(pod.name_space, pod.controller));
  message.set_priority(pod.priority);
  message.set_cpu_millicores(pod.requests.cpu_millicores);
  message.set_memory_bytes(pod.requests.memory_bytes);
  message.set_reason(pod.reason);
  return message;
}

google::protobuf::Timestamp ToMessage(absl::Time time) {
  time = std::clamp(time, absl::FromUnixSeconds(kFirstSecond), absl::FromUnixSeconds(kLastSecond));
  google::protobuf::Timestamp message;
  const int64_t seconds = absl::ToUnixSeconds(time);
  message.set_seconds(seconds);
  message.set_nanos(
      static_cast<int32_t>(absl::ToInt64Microseconds(time - absl::FromUnixSeconds(seconds)) * 1000));
  return message;
}

google::protobuf::Duration ToMessage(absl::Duration duration) {
  duration = std::clamp(duration, -absl::Seconds(kMostSeconds), absl::Seconds(kMostSeconds));
  google::protobuf::Duration message;
  const int64_t seconds = absl::ToInt64Seconds(duration);
  message.set_seconds(seconds);
  message.set_nanos(
      static_cast<int32_t>(absl::ToInt64Microseconds(duration - absl::Seconds(seconds)) * 1000));
  return message;
}

// A well-formed google.protobuf.Duration keeps its nanoseconds below a second and of the same sign.
std::optional<absl::Duration> FromMessage(const google::protobuf::Duration& message) {
  constexpr int32_t kNanosInSecond = 1'000'000'000;
  const int64_t seconds = message.seconds();
  const int32_t nanos = message.nanos();
  if (seconds < -kMostSeconds || seconds > kMostSeconds) return std::nullopt;
  if (nanos <= -kNanosInSecond || nanos >= kNanosInSecond) return std::nullopt;
  if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) return std::nullopt;
  return absl::Seconds(seconds) + absl::Nanoseconds(nanos);
}

v1::Verdict ToMessage(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown:
      return v1::VERDICT_UNSPECIFIED;
    case Verdict::kHealthy:
      return v1::VERDICT_HEALTHY;
    case Verdict::kSuspect:
      return v1::VERDICT_SUSPECT;
    case Verdict::kAgentLost:
      return v1::VERDICT_AGENT_LOST;
    case Verdict::kPartitioned:
      return v1::VERDICT_PARTITIONED;
    case Verdict::kGray:
      return v1::VERDICT_GRAY;
    case Verdict::kDead:
      return v1::VERDICT_DEAD;
  }
  return v1::VERDICT_UNSPECIFIED;
}

v1::Confidence ToMessage(Confidence confidence) {
  switch (confidence) {
    case Confidence::kNone:
      return v1::CONFIDENCE_UNSPECIFIED;
    case Confidence::kLow:
      return v1::CONFIDENCE_LOW;
    case Confidence::kMedium:
      return v1::CONFIDENCE_MEDIUM;
    case Confidence::kHigh:
      return v1::CONFIDENCE_HIGH;
  }
  return v1::CONFIDENCE_UNSPECIFIED;
}

v1::Decision ToMessage(const Decision& decision) {
  v1::Decision message;
  message.set_name(DecisionResource(decision.id));
  message.set_kind(ToMessage(decision.kind));
  message.set_cluster(decision.cluster);
  message.set_node(decision.node);
  message.set_node_uid(decision.node_uid);
  message.set_state(ToMessage(decision.state));
  message.set_summary(decision.summary);
  message.set_verdict(ToMessage(decision.verdict));
  message.set_confidence(ToMessage(decision.confidence));
  for (const Evidence& evidence : decision.evidence) {
    v1::Evidence& added = *message.add_evidence();
    *added.mutable_time() = ToMessage(evidence.time);
    added.set_source(evidence.source);
    added.set_observation(evidence.observation);
    added.set_direction(ToMessage(evidence.direction));
  }
  for (const GuardAnswer& guard : decision.guards) {
    v1::GuardAnswer& added = *message.add_guards();
    added.set_guard(guard.guard);
    added.set_allowed(guard.allowed);
    added.set_reason(guard.reason);
  }
  for (const Alternative& alternative : decision.alternatives) {
    v1::Alternative& added = *message.add_alternatives();
    added.set_description(alternative.description);
    added.set_reason(alternative.reason);
  }
  for (const Action& action : decision.actions) *message.add_actions() = ToMessage(action);
  *message.mutable_timings() = ToMessage(decision.timings);
  message.set_epoch(decision.id.epoch);
  if (!decision.policy.empty()) message.set_policy(PolicyResource(decision.policy));
  message.set_policy_etag(decision.policy_etag);
  for (const WorkloadRecovery& workload : decision.workloads) {
    v1::WorkloadRecovery& added = *message.add_workloads();
    added.set_workload(WorkloadResource(workload.name_space, workload.controller));
    added.set_removed(workload.removed);
    added.set_restored(workload.restored);
    added.set_waiting_for(workload.waiting_for);
  }
  message.set_outcome(decision.outcome);
  for (const UnplacedPod& pod : decision.unplaced) *message.add_unplaced() = ToMessage(pod);
  message.set_workload(WorkloadResource(decision.workload));
  message.set_workload_uid(decision.workload_uid);
  return message;
}

std::optional<DecisionKind> FromMessage(v1::Decision::Kind kind) {
  switch (kind) {
    case v1::Decision::KIND_FAILOVER:
      return DecisionKind::kFailover;
    case v1::Decision::KIND_READMISSION:
      return DecisionKind::kReadmission;
    case v1::Decision::KIND_REBALANCE:
      return DecisionKind::kRebalance;
    case v1::Decision::KIND_AGENT_LOST:
      return DecisionKind::kAgentLost;
    case v1::Decision::KIND_BLIND:
      return DecisionKind::kBlind;
    case v1::Decision::KIND_MAINTENANCE:
      return DecisionKind::kMaintenance;
    case v1::Decision::KIND_PAUSE:
      return DecisionKind::kPause;
    case v1::Decision::KIND_GRAY:
      return DecisionKind::kGray;
    case v1::Decision::KIND_GRAY_READMISSION:
      return DecisionKind::kGrayReadmission;
    case v1::Decision::KIND_SCALE:
      return DecisionKind::kScale;
    case v1::Decision::KIND_TAKE_OVER:
      return DecisionKind::kTakeOver;
    case v1::Decision::KIND_BURST:
      return DecisionKind::kBurst;
    case v1::Decision::KIND_VALVE:
      return DecisionKind::kValve;
    case v1::Decision::KIND_FIRST_TO_GO:
      return DecisionKind::kFirstToGo;
    case v1::Decision::KIND_BACK_OFF:
      return DecisionKind::kBackOff;
    case v1::Decision::KIND_DRAIN_BACK:
      return DecisionKind::kDrainBack;
    case v1::Decision::KIND_HEADROOM:
      return DecisionKind::kHeadroom;
    case v1::Decision::KIND_SWITCH:
      return DecisionKind::kSwitch;
    default:
      return std::nullopt;
  }
}

}  // namespace evenkeel::coordinator
