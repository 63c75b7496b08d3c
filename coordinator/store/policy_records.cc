// Policies of every kind.

#include "coordinator/store/records.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/burst_records.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/scale_records.h"
#include "coordinator/store/standing_records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<PolicyMode, stored::PolicyMode> kPolicyModes[] = {
    {PolicyMode::kObserve, stored::POLICY_MODE_OBSERVE},
    {PolicyMode::kEnforce, stored::POLICY_MODE_ENFORCE},
};

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

stored::FailoverPolicy ToRecord(const FailoverPolicy& failover) {
  stored::FailoverPolicy out;
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
  return out;
}

absl::StatusOr<FailoverPolicy> FromRecord(const stored::FailoverPolicy& failover) {
  FailoverPolicy policy{.cluster = failover.cluster(),
                        .probe_timeout = DurationFrom(failover.probe_timeout_ns()),
                        .witnesses = failover.witnesses(),
                        .max_unavailable_nodes = failover.max_unavailable_nodes(),
                        .max_unavailable_percent = failover.max_unavailable_percent(),
                        .readmit_after = DurationFrom(failover.readmit_after_ns()),
                        .rebalance = failover.rebalance(),
                        .recovery_timeout = DurationFrom(failover.recovery_timeout_ns())};
  EVENKEEL_RETURN_IF_ERROR(FromStored(kPolicyModes, failover.mode(), "FailoverPolicy.mode", policy.mode));
  if (failover.has_limits()) policy.limits = FromRecord(failover.limits());
  if (failover.has_fencing()) policy.fencing = FromRecord(failover.fencing());
  if (failover.has_beat_interval_ns()) {
    policy.beat_interval = DurationFrom(failover.beat_interval_ns());
  }
  if (failover.has_suspect_after_ns()) {
    policy.suspect_after = DurationFrom(failover.suspect_after_ns());
  }
  if (failover.has_max_readmit_after_ns()) {
    policy.max_readmit_after = DurationFrom(failover.max_readmit_after_ns());
  }
  if (failover.has_max_suspect_after_ns()) {
    policy.max_suspect_after = DurationFrom(failover.max_suspect_after_ns());
  }
  if (failover.has_gray()) policy.gray = FromRecord(failover.gray());
  return policy;
}

}  // namespace

stored::Policy ToRecord(const Policy& policy) {
  stored::Policy record;
  record.set_name(policy.name);
  record.set_etag(policy.etag);
  record.set_create_time_ns(ToStored(policy.create_time));
  record.set_update_time_ns(ToStored(policy.update_time));
  if (const ScalePolicy* scale = policy.IfScale()) {
    *record.mutable_scale() = ToRecord(*scale);
  } else if (const BurstPolicy* burst = policy.IfBurst()) {
    *record.mutable_burst() = ToRecord(*burst);
  } else if (const LostClusterPolicy* waits = policy.IfSwitch()) {
    *record.mutable_switching() = ToRecord(*waits);
  } else {
    *record.mutable_failover() = ToRecord(policy.failover());
  }
  return record;
}

absl::StatusOr<Policy> FromRecord(const stored::Policy& record) {
  Policy policy{.name = record.name(),
                .etag = record.etag(),
                .create_time = TimeFrom(record.create_time_ns()),
                .update_time = TimeFrom(record.update_time_ns())};
  if (record.has_scale()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FromRecord(record.scale()));
  } else if (record.has_burst()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FromRecord(record.burst()));
  } else if (record.has_switching()) {
    EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FromRecord(record.switching()));
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FromRecord(record.failover()));
  }
  return policy;
}

}  // namespace evenkeel::coordinator
