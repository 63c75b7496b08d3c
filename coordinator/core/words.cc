#include "coordinator/core/words.h"

#include "absl/strings/str_replace.h"

namespace evenkeel::coordinator {

const char* Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown:
      return "unknown";
    case Verdict::kHealthy:
      return "healthy";
    case Verdict::kSuspect:
      return "suspect";
    case Verdict::kAgentLost:
      return "agent_lost";
    case Verdict::kPartitioned:
      return "partitioned";
    case Verdict::kGray:
      return "gray";
    case Verdict::kDead:
      return "dead";
  }
  return "unknown";
}

const char* Word(Confidence confidence) {
  switch (confidence) {
    case Confidence::kNone:
      return "none";
    case Confidence::kLow:
      return "low";
    case Confidence::kMedium:
      return "medium";
    case Confidence::kHigh:
      return "high";
  }
  return "none";
}

const char* Word(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kFailover:
      return "failover";
    case DecisionKind::kReadmission:
      return "readmission";
    case DecisionKind::kRebalance:
      return "rebalance";
    case DecisionKind::kAgentLost:
      return "agent_lost";
    case DecisionKind::kBlind:
      return "blind";
    case DecisionKind::kMaintenance:
      return "maintenance";
    case DecisionKind::kPause:
      return "pause";
    case DecisionKind::kGray:
      return "gray";
    case DecisionKind::kGrayReadmission:
      return "gray_readmission";
    case DecisionKind::kScale:
      return "scale";
    case DecisionKind::kTakeOver:
      return "take_over";
    case DecisionKind::kBurst:
      return "burst";
    case DecisionKind::kValve:
      return "valve";
    case DecisionKind::kFirstToGo:
      return "first_to_go";
    case DecisionKind::kBackOff:
      return "back_off";
    case DecisionKind::kDrainBack:
      return "drain_back";
    case DecisionKind::kHeadroom:
      return "headroom";
    case DecisionKind::kSwitch:
      return "switch";
  }
  return "unknown";
}

const char* Word(DecisionState state) {
  switch (state) {
    case DecisionState::kOpen:
      return "open";
    case DecisionState::kSucceeded:
      return "succeeded";
    case DecisionState::kFailed:
      return "failed";
    case DecisionState::kCancelled:
      return "cancelled";
    case DecisionState::kObserved:
      return "observed";
    case DecisionState::kRefused:
      return "refused";
  }
  return "unknown";
}

const char* Word(ActionKind kind) {
  return WordsOf(kind).word;
}

const char* Word(ActionState state) {
  switch (state) {
    case ActionState::kPending:
      return "pending";
    case ActionState::kReleased:
      return "released";
    case ActionState::kDone:
      return "done";
    case ActionState::kFailed:
      return "failed";
    case ActionState::kSkipped:
      return "skipped";
  }
  return "unknown";
}

std::string Spaced(absl::string_view word) {
  return absl::StrReplaceAll(word, {{"_", " "}});
}

absl::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUnknown:
      return "UNKNOWN";
    case Verdict::kHealthy:
      return "HEALTHY";
    case Verdict::kSuspect:
      return "SUSPECT";
    case Verdict::kAgentLost:
      return "AGENT_LOST";
    case Verdict::kPartitioned:
      return "PARTITIONED";
    case Verdict::kGray:
      return "GRAY";
    case Verdict::kDead:
      return "DEAD";
  }
  return "UNKNOWN";
}

const char* Say(ActionState state) {
  switch (state) {
    case ActionState::kPending:
      return "pending";
    case ActionState::kReleased:
      return "handed out";
    case ActionState::kDone:
      return "done";
    case ActionState::kFailed:
      return "failed";
    case ActionState::kSkipped:
      return "not done";
  }
  return "unknown";
}

ActionWords WordsOf(ActionKind kind) {
  switch (kind) {
    case ActionKind::kTaintNode:
      return {.word = "taint_node", .order = "taint", .deed = "taint", .thing = "the taint on"};
    case ActionKind::kUntaintNode:
      return {.word = "untaint_node",
              .order = "untaint",
              .deed = "take the taint off",
              .thing = "the end of the taint on"};
    case ActionKind::kDeletePod:
      return {.word = "delete_pod", .order = "delete pod", .deed = "delete", .thing = "the deletion of pod"};
    case ActionKind::kMarkPodUnready:
      return {.word = "mark_pod_unready",
              .order = "mark unready pod",
              .deed = "mark unready",
              .thing = "marking unready pod"};
    case ActionKind::kEvictPod:
      return {.word = "evict_pod", .order = "evict pod", .deed = "evict", .thing = "the eviction of pod"};
    case ActionKind::kTaintGray:
      return {.word = "taint_gray_node",
              .order = "taint as gray",
              .deed = "taint as sick",
              .thing = "the taint for sickness on"};
    case ActionKind::kUntaintGray:
      return {.word = "untaint_gray_node",
              .order = "untaint as gray",
              .deed = "take the taint for sickness off",
              .thing = "the end of the taint for sickness on"};
    case ActionKind::kRestartKubelet:
      return {.word = "restart_kubelet",
              .order = "restart the kubelet of",
              .deed = "restart the kubelet of",
              .thing = "the restart of the kubelet of"};
    case ActionKind::kRestartRuntime:
      return {.word = "restart_runtime",
              .order = "restart the container runtime of",
              .deed = "restart the container runtime of",
              .thing = "the restart of the container runtime of"};
    case ActionKind::kTaintOutOfService:
      return {.word = "taint_out_of_service_node",
              .order = "call out of service",
              .deed = "call out of service",
              .thing = "the out-of-service taint on"};
    case ActionKind::kUntaintOutOfService:
      return {.word = "untaint_out_of_service_node",
              .order = "call back into service",
              .deed = "call in service again",
              .thing = "the end of the out-of-service taint on"};
    case ActionKind::kFenceNode:
      return {.word = "fence_node",
              .order = "have the hook power off",
              .deed = "have the fencing hook power off",
              .thing = "the question to the fencing hook about"};
    case ActionKind::kSetReplicas:
      return {.word = "set_replicas",
              .order = "set the replicas of",
              .deed = "set the replicas of",
              .thing = "the change of replicas of"};
    case ActionKind::kDeleteAutoscaler:
      return {.word = "delete_autoscaler",
              .order = "delete autoscaler",
              .deed = "delete the autoscaler",
              .thing = "the deletion of autoscaler"};
    case ActionKind::kOpenValve:
      return {.word = "open_valve",
              .order = "open to new pods",
              .deed = "open to new pods",
              .thing = "the opening to new pods of"};
    case ActionKind::kCloseValve:
      return {.word = "close_valve",
              .order = "close to new pods",
              .deed = "close to new pods",
              .thing = "the closing to new pods of"};
    case ActionKind::kSetDeletionCost:
      return {.word = "set_deletion_cost",
              .order = "mark as first to go pod",
              .deed = "mark as first to go",
              .thing = "the deletion cost of pod"};
    case ActionKind::kSetPlaceholders:
      return {.word = "set_placeholders",
              .order = "set the placeholders of",
              .deed = "set the placeholders of",
              .thing = "the change of the placeholders of"};
    case ActionKind::kAskForMachines:
      return {.word = "ask_for_machines",
              .order = "ask for machines at",
              .deed = "ask for machines at",
              .thing = "the question for machines to"};
    case ActionKind::kShapeRoute:
      return {.word = "shape_route",
              .order = "shape route",
              .deed = "shape the route",
              .thing = "the shape of route"};
  }
  return {.word = "unknown", .order = "act on", .deed = "act on", .thing = "an action on"};
}

}  // namespace evenkeel::coordinator
