#include "coordinator/serve/failover_validation.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/fencing_time.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/policy_fields.h"

namespace evenkeel::coordinator {
namespace {

std::string Field(absl::string_view name) {
  return absl::StrCat("policy.failover.", name);
}

absl::Status ReadIntervals(const v1::FailoverPolicy& message, uint32_t nodes, FailoverPolicy& policy) {
  if (message.has_beat_interval()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.beat_interval, Within(Field("beat_interval"), message.beat_interval(),
                                                           absl::Milliseconds(50), absl::Seconds(60)));
  }
  if (message.has_suspect_after()) {
    const absl::Duration beat = BeatInterval(policy, nodes);
    EVENKEEL_ASSIGN_OR_RETURN(policy.suspect_after,
                              Within(Field("suspect_after"), message.suspect_after(), 2 * beat, 100 * beat));
  }
  if (message.has_max_suspect_after()) {
    constexpr int kMostTimes = 20;
    const absl::Duration least = SuspectAfter(policy, BeatInterval(policy, nodes));
    EVENKEEL_ASSIGN_OR_RETURN(
        policy.max_suspect_after,
        Within(Field("max_suspect_after"), message.max_suspect_after(), least, kMostTimes * least));
  }
  if (message.has_probe_timeout()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.probe_timeout, Within(Field("probe_timeout"), message.probe_timeout(),
                                                           absl::Milliseconds(50), absl::Seconds(10)));
  }
  if (message.has_readmit_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.readmit_after, Within(Field("readmit_after"), message.readmit_after(),
                                                           absl::Seconds(1), absl::Hours(1)));
  }
  if (message.has_max_readmit_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.max_readmit_after,
                              Within(Field("max_readmit_after"), message.max_readmit_after(),
                                     policy.readmit_after, absl::Hours(24)));
  }
  if (message.has_recovery_timeout()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        policy.recovery_timeout,
        Within(Field("recovery_timeout"), message.recovery_timeout(), absl::Seconds(10), absl::Hours(1)));
  }
  return absl::OkStatus();
}

absl::Status ReadBounds(const v1::FailoverPolicy& message, FailoverPolicy& policy) {
  constexpr uint32_t kMostWitnesses = 10;
  constexpr uint32_t kMostPercent = 50;
  if (message.witnesses() != 0) policy.witnesses = message.witnesses();
  if (policy.witnesses > kMostWitnesses) {
    return base::InvalidField(Field("witnesses"),
                              absl::StrCat("must be from 1 to 10, not ", policy.witnesses));
  }
  if (message.has_max_unavailable_nodes()) policy.max_unavailable_nodes = message.max_unavailable_nodes();
  if (message.has_max_unavailable_percent())
    policy.max_unavailable_percent = message.max_unavailable_percent();
  if (policy.max_unavailable_percent > kMostPercent) {
    return base::InvalidField(Field("max_unavailable_percent"),
                              absl::StrCat("must be from 0 to 50, not ", policy.max_unavailable_percent));
  }
  return absl::OkStatus();
}

absl::Status ReadLimits(const v1::FailoverPolicy& message, DisruptionLimits& limits) {
  if (message.has_max_unavailable_nodes_per_domain())
    limits.max_unavailable_nodes_per_domain = message.max_unavailable_nodes_per_domain();
  if (message.has_max_unavailable_percent_per_domain()) {
    EVENKEEL_RETURN_IF_ERROR(ReadPercent(Field("max_unavailable_percent_per_domain"),
                                         message.max_unavailable_percent_per_domain(),
                                         limits.max_unavailable_percent_per_domain));
  }
  if (message.has_max_disruptions()) limits.max_disruptions = message.max_disruptions();
  if (message.has_max_disruptions_per_domain())
    limits.max_disruptions_per_domain = message.max_disruptions_per_domain();
  if (message.has_min_healthy_nodes()) limits.min_healthy_nodes = message.min_healthy_nodes();
  if (message.has_min_healthy_percent()) {
    EVENKEEL_RETURN_IF_ERROR(
        ReadPercent(Field("min_healthy_percent"), message.min_healthy_percent(), limits.min_healthy_percent));
  }
  if (message.has_disruption_window()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        limits.disruption_window,
        Within(Field("disruption_window"), message.disruption_window(), absl::Seconds(1), absl::Hours(24)));
  }
  if (message.has_storm_cool_down()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        limits.storm_cool_down,
        Within(Field("storm_cool_down"), message.storm_cool_down(), absl::ZeroDuration(), absl::Hours(1)));
  }
  if (message.has_release_budget_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(limits.release_budget_after,
                              Within(Field("release_budget_after"), message.release_budget_after(),
                                     absl::Seconds(1), absl::Hours(24 * 30)));
  }
  return absl::OkStatus();
}

absl::Status ReadFencing(const v1::FencingPolicy& message, uint32_t nodes, FailoverPolicy& policy) {
  FencingPolicy& fencing = policy.fencing;
  fencing.self_fencing = message.self_fencing();
  fencing.without_watchdog = message.without_watchdog();
  fencing.hook = message.hook();
  if (message.has_isolation_timeout()) {
    const absl::Duration least = std::max(absl::Seconds(5), BeatInterval(policy, nodes) * kBeatsToIsolation);
    EVENKEEL_ASSIGN_OR_RETURN(fencing.isolation_timeout,
                              Within(Field("fencing.isolation_timeout"), message.isolation_timeout(), least,
                                     std::max(least, absl::Minutes(10))));
  }
  if (message.has_stop_timeout()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        fencing.stop_timeout,
        Within(Field("fencing.stop_timeout"), message.stop_timeout(), absl::Seconds(1), absl::Minutes(2)));
  }
  return absl::OkStatus();
}

absl::Status ReadGrayTimes(const v1::GrayPolicy& message, GrayPolicy& gray) {
  if (message.has_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(gray.after,
                              Within(Field("gray.after"), message.after(), absl::Seconds(1), absl::Hours(1)));
  }
  if (message.has_recover_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(gray.recover_after, Within(Field("gray.recover_after"), message.recover_after(),
                                                         absl::Seconds(1), absl::Hours(1)));
  }
  if (message.has_restart_timeout()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        gray.restart_timeout,
        Within(Field("gray.restart_timeout"), message.restart_timeout(), absl::Seconds(5), absl::Hours(1)));
  }
  if (message.has_escalate_after()) {
    EVENKEEL_ASSIGN_OR_RETURN(
        gray.escalate_after,
        Within(Field("gray.escalate_after"), message.escalate_after(), absl::Minutes(1), absl::Hours(24)));
  }
  return absl::OkStatus();
}

void ShowLimits(const FailoverPolicy& policy, uint32_t nodes, v1::FailoverPolicy& spec) {
  const DisruptionLimits& limits = policy.limits;
  spec.set_max_unavailable_nodes_per_domain(
      limits.max_unavailable_nodes_per_domain.value_or(policy.max_unavailable_nodes));
  spec.set_max_unavailable_percent_per_domain(limits.max_unavailable_percent_per_domain);
  spec.set_max_disruptions(static_cast<uint32_t>(ClusterRate(policy, nodes).most));
  spec.set_max_disruptions_per_domain(static_cast<uint32_t>(DomainRate(policy, nodes).most));
  *spec.mutable_disruption_window() = ToMessage(limits.disruption_window);
  spec.set_min_healthy_nodes(limits.min_healthy_nodes);
  spec.set_min_healthy_percent(limits.min_healthy_percent);
  *spec.mutable_storm_cool_down() = ToMessage(limits.storm_cool_down);
  *spec.mutable_release_budget_after() = ToMessage(limits.release_budget_after);
}

absl::Status ReadGray(const v1::GrayPolicy& message, GrayPolicy& gray) {
  EVENKEEL_RETURN_IF_ERROR(ReadGrayTimes(message, gray));
  EVENKEEL_RETURN_IF_ERROR(ReadFloor(Field("gray.memory_stall_percent"), message.has_memory_stall_percent(),
                                     message.memory_stall_percent(), 10, 100, gray.memory_stall_percent));
  EVENKEEL_RETURN_IF_ERROR(ReadFloor(Field("gray.oom_kills"), message.has_oom_kills(), message.oom_kills(), 1,
                                     60, gray.oom_kills));
  EVENKEEL_RETURN_IF_ERROR(ReadFloor(Field("gray.io_errors"), message.has_io_errors(), message.io_errors(), 1,
                                     60, gray.io_errors));
  EVENKEEL_ASSIGN_OR_RETURN(gray.taint, RungFrom(Field("gray.taint"), message.taint()));
  EVENKEEL_ASSIGN_OR_RETURN(gray.restart, RungFrom(Field("gray.restart"), message.restart()));
  EVENKEEL_ASSIGN_OR_RETURN(gray.drain, RungFrom(Field("gray.drain"), message.drain()));
  if (gray.drain && !gray.taint) {
    return base::InvalidField(Field("gray.drain"),
                              "needs gray.taint enforced too: without it the pods would come back");
  }
  return absl::OkStatus();
}

void Show(const GrayPolicy& gray, v1::GrayPolicy& message) {
  *message.mutable_after() = ToMessage(gray.after);
  *message.mutable_recover_after() = ToMessage(gray.recover_after);
  message.set_memory_stall_percent(gray.memory_stall_percent);
  message.set_oom_kills(gray.oom_kills);
  message.set_io_errors(gray.io_errors);
  message.set_taint(ModeOf(gray.taint));
  message.set_restart(ModeOf(gray.restart));
  message.set_drain(ModeOf(gray.drain));
  *message.mutable_restart_timeout() = ToMessage(gray.restart_timeout);
  *message.mutable_escalate_after() = ToMessage(gray.escalate_after);
}

v1::FencingPolicy FencingMessage(const FencingPolicy& fencing, absl::Duration beat_interval) {
  v1::FencingPolicy message;
  message.set_self_fencing(fencing.self_fencing);
  *message.mutable_isolation_timeout() = ToMessage(IsolationTimeout(fencing, beat_interval));
  *message.mutable_stop_timeout() = ToMessage(fencing.stop_timeout);
  message.set_without_watchdog(fencing.without_watchdog);
  message.set_hook(fencing.hook);
  return message;
}

}  // namespace

absl::StatusOr<FailoverPolicy> FailoverFromMessage(const v1::FailoverPolicy& message,
                                                   const std::map<std::string, uint32_t>& clusters) {
  FailoverPolicy policy;
  EVENKEEL_RETURN_IF_ERROR(CheckCluster(Field("cluster"), message.cluster(), clusters));
  const uint32_t nodes = clusters.at(message.cluster());
  policy.cluster = message.cluster();
  EVENKEEL_ASSIGN_OR_RETURN(policy.mode, ModeFrom(Field("mode"), message.mode()));
  EVENKEEL_RETURN_IF_ERROR(ReadIntervals(message, nodes, policy));
  EVENKEEL_RETURN_IF_ERROR(ReadBounds(message, policy));
  EVENKEEL_RETURN_IF_ERROR(ReadLimits(message, policy.limits));
  policy.rebalance = message.rebalance();
  EVENKEEL_RETURN_IF_ERROR(ReadGray(message.gray(), policy.gray));
  EVENKEEL_RETURN_IF_ERROR(ReadFencing(message.fencing(), nodes, policy));
  return policy;
}

v1::FailoverPolicy ToMessage(const FailoverPolicy& failover, uint32_t nodes) {
  v1::FailoverPolicy spec;
  spec.set_cluster(failover.cluster);
  spec.set_mode(ModeOf(failover.mode == PolicyMode::kEnforce));
  const absl::Duration beat_interval = BeatInterval(failover, nodes);
  *spec.mutable_beat_interval() = ToMessage(beat_interval);
  const absl::Duration suspect_after = SuspectAfter(failover, beat_interval);
  *spec.mutable_suspect_after() = ToMessage(suspect_after);
  *spec.mutable_max_suspect_after() = ToMessage(MaxSuspectAfter(failover, suspect_after));
  *spec.mutable_probe_timeout() = ToMessage(failover.probe_timeout);
  spec.set_witnesses(failover.witnesses);
  spec.set_max_unavailable_nodes(failover.max_unavailable_nodes);
  spec.set_max_unavailable_percent(failover.max_unavailable_percent);
  *spec.mutable_readmit_after() = ToMessage(failover.readmit_after);
  *spec.mutable_max_readmit_after() = ToMessage(failover.max_readmit_after);
  spec.set_rebalance(failover.rebalance);
  *spec.mutable_recovery_timeout() = ToMessage(failover.recovery_timeout);
  ShowLimits(failover, nodes, spec);
  Show(failover.gray, *spec.mutable_gray());
  *spec.mutable_fencing() = FencingMessage(failover.fencing, beat_interval);
  return spec;
}

}  // namespace evenkeel::coordinator
