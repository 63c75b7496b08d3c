#include "coordinator/observe/workload_facts_from.h"

#include <algorithm>
#include <set>

#include "common/kube/json.h"
#include "coordinator/observe/json_reading.h"
#include "coordinator/observe/quantity.h"

namespace evenkeel::coordinator {
namespace {

using kube::Json;
using kube::Text;

PodPhase PhaseOf(const Json& pod) {
  const std::string phase = Text(pod, {"status", "phase"});
  if (phase == "Running") return PodPhase::kRunning;
  if (phase == "Succeeded") return PodPhase::kSucceeded;
  if (phase == "Failed") return PodPhase::kFailed;
  return PodPhase::kPending;
}

// One that runs beside the containers for as long as they do ("sidecar", Kubernetes 1.28).
bool RunsBeside(const Json& init_container) {
  return Text(init_container, {"restartPolicy"}) == "Always";
}

// As the HPA counts (calculatePodRequests of pkg/controller/podautoscaler/replica_calculator.go): 0 when any
// of them asks for none.
int64_t RequestOf(const Json& pod) {
  // A request that is beyond any machine is no sum that may overflow.
  static constexpr int64_t kMost = int64_t{1} << 40;
  int64_t sum = 0;
  const auto add = [&sum](const Json& container) {
    const auto millicores = ParseMilli(Text(container, {"resources", "requests", "cpu"}));
    if (millicores) sum = std::min(kMost, sum + std::clamp<int64_t>(*millicores, 0, kMost));
    return millicores.has_value();
  };
  for (const Json& container : Array(pod, {"spec", "containers"})) {
    if (!add(container)) return 0;
  }
  for (const Json& container : Array(pod, {"spec", "initContainers"})) {
    if (RunsBeside(container) && !add(container)) return 0;
  }
  return sum;
}

// Reasons for waiting from which nothing comes by itself soon: those of the kubelet
// (pkg/kubelet/images/types.go, pkg/kubelet/container/sync_result.go).
bool IsFailure(const std::string& waiting) {
  static const auto* const reasons = new std::set<std::string>{
      "CrashLoopBackOff",     "ImagePullBackOff",          "ErrImagePull",
      "ErrImageNeverPull",    "ImageInspectError",         "InvalidImageName",
      "RegistryUnavailable",  "SignatureValidationFailed", "CreateContainerConfigError",
      "CreateContainerError", "PreCreateHookError",        "PostStartHookError",
      "RunContainerError"};
  return reasons->contains(waiting);
}

bool IsFailing(const Json& pod) {
  constexpr char kKilled[] = "OOMKilled";
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const Json& status : Array(pod, {"status", list})) {
      if (IsFailure(Text(status, {"state", "waiting", "reason"}))) return true;
      if (Text(status, {"state", "terminated", "reason"}) == kKilled) return true;
      const bool waits = kube::Find(status, {"state", "waiting"}) != nullptr;
      if (waits && Text(status, {"lastState", "terminated", "reason"}) == kKilled) return true;
    }
  }
  return false;
}

}  // namespace

SelectablePod SelectablePodFrom(const Json& pod) {
  SelectablePod selectable;
  selectable.name_space = Text(pod, {"metadata", "namespace"});
  selectable.uid = kube::UidOf(pod);
  selectable.labels = Labels(pod);
  WorkloadPodFacts& facts = selectable.facts;
  facts.name = Text(pod, {"metadata", "name"});
  facts.node = Text(pod, {"spec", "nodeName"});
  facts.phase = PhaseOf(pod);
  facts.deleting = kube::Find(pod, {"metadata", "deletionTimestamp"}) != nullptr;
  facts.ready = ConditionIsTrue(pod, "Ready");
  facts.started = TimeAt(pod, {"status", "startTime"});
  if (const Json* ready = Condition(pod, "Ready")) {
    facts.ready_changed = TimeAt(*ready, {"lastTransitionTime"});
  }
  facts.request_millicores = RequestOf(pod);
  facts.failing = IsFailing(pod);
  return selectable;
}

ScaleSubresource ScaleFrom(const Json& scale) {
  return {.uid = kube::UidOf(scale),
          .replicas = std::max<int64_t>(0, Number(scale, {"spec", "replicas"})),
          .status_replicas = std::max<int64_t>(0, Number(scale, {"status", "replicas"})),
          .selector = Text(scale, {"status", "selector"})};
}

}  // namespace evenkeel::coordinator
