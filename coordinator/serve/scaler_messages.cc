#include "coordinator/serve/scaler_messages.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/scale/words.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"

namespace evenkeel::coordinator {
namespace {

v1::ScalerPods PodsOf(const ScalerStatus& status) {
  v1::ScalerPods pods;
  pods.set_total(static_cast<uint32_t>(status.pods));
  pods.set_ready(static_cast<uint32_t>(status.ready));
  const Demand& demand = status.advice.steady;
  pods.set_counted(static_cast<uint32_t>(demand.counted));
  pods.set_unready(static_cast<uint32_t>(demand.unready));
  pods.set_missing(static_cast<uint32_t>(demand.missing));
  pods.set_held(static_cast<uint32_t>(demand.held));
  pods.set_broken(static_cast<uint32_t>(demand.broken));
  pods.set_down(static_cast<uint32_t>(status.down));
  return pods;
}

v1::DeadPod ToMessage(const DeadPod& pod) {
  v1::DeadPod message;
  message.set_pod(pod.name);
  message.set_down(pod.down);
  message.set_crash_loop(pod.deaths.crash_loop);
  message.set_restarts(static_cast<uint32_t>(std::clamp<int64_t>(pod.deaths.restarts, 0, UINT32_MAX)));
  const ContainerDeath& last = *pod.deaths.last;
  message.set_container(last.container);
  if (last.exit_code) message.set_exit_code(*last.exit_code);
  message.set_cause(Words(last));
  *message.mutable_death_time() = coordinator::ToMessage(last.at);
  return message;
}

// What is advised and why, and what keeps it from being done.
std::string ReasonOf(const ScalerStatus& status) {
  if (!status.unseen.empty()) return status.unseen;
  if (!status.looked) return "it has not looked yet";
  std::string reason = Words(status.advice, status.cpu);
  if (status.refusal) absl::StrAppend(&reason, "; not done: ", status.refusal->reason);
  return reason;
}

}  // namespace

v1::ScaleTarget TargetMessage(const Workload& workload, const std::string& version) {
  v1::ScaleTarget target;
  if (version.empty() || workload.group.empty()) {
    target.set_api_version(version.empty() ? workload.group : version);
  } else {
    target.set_api_version(absl::StrCat(workload.group, "/", version));
  }
  target.set_kind(workload.kind);
  target.set_namespace_(workload.name_space);
  target.set_name(workload.name);
  return target;
}

std::string WorkloadResource(const Workload& workload) {
  if (workload.empty()) return "";
  return absl::StrCat("namespaces/", workload.name_space, "/", absl::AsciiStrToLower(workload.kind), "s/",
                      workload.name);
}

v1::Scaler ToMessage(const ScalerStatus& status) {
  v1::Scaler message;
  message.set_name(ScalerResource(status.policy));
  message.set_policy(PolicyResource(status.policy));
  message.set_cluster(status.cluster);
  *message.mutable_target() = TargetMessage(status.target, status.version);
  message.set_uid(status.uid);
  message.set_mode(status.mode == PolicyMode::kEnforce ? v1::POLICY_MODE_ENFORCE : v1::POLICY_MODE_OBSERVE);
  message.set_replicas(status.replicas);
  message.set_min_replicas(status.minimum);
  message.set_max_replicas(status.maximum);
  message.set_target_cpu(status.cpu.value);
  message.set_in_millicores(status.cpu.kind == CpuTarget::Kind::kMillicores);
  if (status.looked) {
    message.set_advised_replicas(status.advice.replicas);
    message.set_wanted_replicas(status.advice.wanted);
    if (status.advice.steady.use) message.set_cpu(*status.advice.steady.use);
    if (status.advice.sudden.use) message.set_sudden_cpu(*status.advice.sudden.use);
    *message.mutable_look_time() = ToMessage(*status.looked);
  }
  *message.mutable_pods() = PodsOf(status);
  if (status.panic_since) *message.mutable_panic_start_time() = ToMessage(*status.panic_since);
  message.set_reason(ReasonOf(status));
  for (const ScalerCondition& condition : ConditionsOf(status)) {
    v1::ScalerCondition& added = *message.add_conditions();
    added.set_type(std::string(condition.type));
    added.set_holds(condition.holds);
    added.set_reason(std::string(condition.reason));
    added.set_message(condition.message);
  }
  for (const DeadPod& pod : status.dead_pods) *message.add_dead_pods() = ToMessage(pod);
  if (!status.floor.name.empty()) {
    message.set_traffic_switch(SwitchResource(status.floor.name));
    if (!status.floor.unknown) message.set_switch_replicas(status.floor.replicas);
  }
  if (status.open_decision) message.set_open_decision(DecisionResource(*status.open_decision));
  if (status.last_scaled) message.set_last_decision(DecisionResource(*status.last_scaled));
  return message;
}

void Fill(const std::string& policy, const ScalerStatus* status, v1::WatchScalersResponse& out) {
  if (status != nullptr) {
    *out.mutable_scaler() = ToMessage(*status);
  } else {
    out.mutable_scaler()->set_name(ScalerResource(policy));
  }
}

}  // namespace evenkeel::coordinator
