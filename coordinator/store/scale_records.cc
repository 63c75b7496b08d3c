#include "coordinator/store/scale_records.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

constexpr EnumPair<PolicyMode, stored::PolicyMode> kModes[] = {
    {PolicyMode::kObserve, stored::POLICY_MODE_OBSERVE},
    {PolicyMode::kEnforce, stored::POLICY_MODE_ENFORCE},
};
constexpr EnumPair<SelectPolicy, stored::SelectPolicy> kSelects[] = {
    {SelectPolicy::kMax, stored::SELECT_POLICY_UNSPECIFIED},
    {SelectPolicy::kMin, stored::SELECT_POLICY_MIN},
    {SelectPolicy::kDisabled, stored::SELECT_POLICY_DISABLED},
};

void Put(const ScalingRules& rules, stored::ScalingRules& record) {
  record.set_stabilisation_ns(ToStored(rules.stabilisation));
  record.set_select(ToStored(kSelects, rules.select));
  for (const RatePolicy& policy : rules.policies) {
    stored::RatePolicy& added = *record.add_policies();
    added.set_percent(policy.kind == RatePolicy::Kind::kPercent);
    added.set_value(policy.value);
    added.set_period_ns(ToStored(policy.period));
  }
}

absl::Status Get(const stored::ScalingRules& record, ScalingRules& rules) {
  rules.stabilisation = DurationFrom(record.stabilisation_ns());
  EVENKEEL_RETURN_IF_ERROR(FromStored(kSelects, record.select(), "ScalingRules.select", rules.select));
  rules.policies.clear();
  for (const stored::RatePolicy& policy : record.policies()) {
    rules.policies.push_back({.kind = policy.percent() ? RatePolicy::Kind::kPercent : RatePolicy::Kind::kPods,
                              .value = policy.value(),
                              .period = DurationFrom(policy.period_ns())});
  }
  return absl::OkStatus();
}

// What is no number would poison all arithmetic without a word.
absl::Status Get(double record, const char* field, double& out) {
  out = record;
  if (std::isfinite(record)) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("stored field ", field, " is not a number: it is damaged"));
}

void Put(const Recommendations& recommendations, stored::Scaler& record) {
  const auto put = [](const Recommendations::Wanted& wanted, stored::WantedReplicas& out) {
    out.set_replicas(wanted.replicas);
    out.set_time_ns(ToStored(wanted.time));
  };
  for (const Recommendations::Wanted& wanted : recommendations.lowest) put(wanted, *record.add_lowest());
  for (const Recommendations::Wanted& wanted : recommendations.highest) put(wanted, *record.add_highest());
}

Recommendations::Wanted FromRecord(const stored::WantedReplicas& record) {
  return {.replicas = record.replicas(), .time = TimeFrom(record.time_ns())};
}

}  // namespace

stored::Workload ToRecord(const Workload& workload) {
  stored::Workload record;
  record.set_group(workload.group);
  record.set_kind(workload.kind);
  record.set_namespace_(workload.name_space);
  record.set_name(workload.name);
  return record;
}

Workload FromRecord(const stored::Workload& record) {
  return {.group = record.group(),
          .kind = record.kind(),
          .name_space = record.namespace_(),
          .name = record.name()};
}

stored::ScaleRules ToRecord(const ScaleRules& rules) {
  stored::ScaleRules record;
  record.set_minimum(rules.minimums.replicas);
  for (const ScheduledMinimum& minimum : rules.minimums.schedule) {
    stored::ScheduledMinimum& added = *record.add_schedule();
    added.set_weekdays(minimum.weekdays);
    added.set_begin_ns(ToStored(minimum.begin));
    added.set_length_ns(ToStored(minimum.length));
    added.set_replicas(minimum.replicas);
  }
  record.set_utc_offset_ns(ToStored(rules.minimums.utc_offset));
  record.set_maximum(rules.maximum);
  record.set_target_millicores(rules.target.kind == CpuTarget::Kind::kMillicores);
  record.set_target(rules.target.value);
  record.set_tolerance_up(rules.tolerance.up);
  record.set_tolerance_down(rules.tolerance.down);
  Put(rules.behaviour.up, *record.mutable_up());
  Put(rules.behaviour.down, *record.mutable_down());
  record.set_initialization_ns(ToStored(rules.start_up.initialization));
  record.set_readiness_delay_ns(ToStored(rules.start_up.readiness_delay));
  record.set_first_sample_ns(ToStored(rules.start_up.first_sample));
  stored::PanicRules& panic = *record.mutable_panic();
  panic.set_enabled(rules.panic.enabled);
  panic.set_window_ns(ToStored(rules.panic.window));
  panic.set_threshold_percent(rules.panic.threshold_percent);
  panic.set_stable_window_ns(ToStored(rules.panic.stable_window));
  panic.set_throttled_percent(rules.panic.throttled_percent);
  record.set_as_hpa(rules.demand == DemandRules::kHpa);
  record.set_window_ns(ToStored(rules.window));
  record.set_scale_in_held_percent(rules.scale_in_held_percent);
  record.set_scale_in_interval_ns(ToStored(rules.scale_in_interval));
  return record;
}

absl::StatusOr<ScaleRules> FromRecord(const stored::ScaleRules& record) {
  ScaleRules rules{.minimums = {.replicas = record.minimum(),
                                .schedule = {},
                                .utc_offset = DurationFrom(record.utc_offset_ns())},
                   .maximum = record.maximum(),
                   .target = {.kind = record.target_millicores() ? CpuTarget::Kind::kMillicores
                                                                 : CpuTarget::Kind::kPercentOfRequest,
                              .value = record.target()},
                   .tolerance = {},
                   .behaviour = {},
                   .start_up = {.initialization = DurationFrom(record.initialization_ns()),
                                .readiness_delay = DurationFrom(record.readiness_delay_ns()),
                                .first_sample = DurationFrom(record.first_sample_ns())},
                   .panic = {.enabled = record.panic().enabled(),
                             .window = DurationFrom(record.panic().window_ns()),
                             .threshold_percent = record.panic().threshold_percent(),
                             .stable_window = DurationFrom(record.panic().stable_window_ns()),
                             .throttled_percent = record.panic().throttled_percent()},
                   .demand = record.as_hpa() ? DemandRules::kHpa : DemandRules::kEvenkeel,
                   .window = DurationFrom(record.window_ns()),
                   .scale_in_held_percent = record.scale_in_held_percent(),
                   .scale_in_interval = DurationFrom(record.scale_in_interval_ns())};
  for (const stored::ScheduledMinimum& minimum : record.schedule()) {
    if (minimum.weekdays() > std::numeric_limits<uint8_t>::max()) {
      return absl::DataLossError(absl::StrCat("stored field ScheduledMinimum.weekdays has the value ",
                                              minimum.weekdays(), ", which names no days: it is damaged"));
    }
    rules.minimums.schedule.push_back({.weekdays = static_cast<uint8_t>(minimum.weekdays()),
                                       .begin = DurationFrom(minimum.begin_ns()),
                                       .length = DurationFrom(minimum.length_ns()),
                                       .replicas = minimum.replicas()});
  }
  EVENKEEL_RETURN_IF_ERROR(Get(record.tolerance_up(), "ScaleRules.tolerance_up", rules.tolerance.up));
  EVENKEEL_RETURN_IF_ERROR(Get(record.tolerance_down(), "ScaleRules.tolerance_down", rules.tolerance.down));
  EVENKEEL_RETURN_IF_ERROR(Get(record.up(), rules.behaviour.up));
  EVENKEEL_RETURN_IF_ERROR(Get(record.down(), rules.behaviour.down));
  return rules;
}

stored::ScalePolicy ToRecord(const ScalePolicy& policy) {
  stored::ScalePolicy record;
  record.set_cluster(policy.cluster);
  *record.mutable_target() = ToRecord(policy.target);
  record.set_version(policy.version);
  record.set_mode(ToStored(kModes, policy.mode));
  record.set_paused(policy.paused);
  *record.mutable_rules() = ToRecord(policy.rules);
  return record;
}

absl::StatusOr<ScalePolicy> FromRecord(const stored::ScalePolicy& record) {
  ScalePolicy policy{.cluster = record.cluster(),
                     .target = coordinator::FromRecord(record.target()),
                     .version = record.version(),
                     .paused = record.paused()};
  EVENKEEL_RETURN_IF_ERROR(FromStored(kModes, record.mode(), "ScalePolicy.mode", policy.mode));
  EVENKEEL_ASSIGN_OR_RETURN(policy.rules, coordinator::FromRecord(record.rules()));
  return policy;
}

stored::Scaler ToRecord(const ScalerRecord& scaler) {
  stored::Scaler record;
  record.set_policy(scaler.policy);
  record.set_cluster(scaler.cluster);
  *record.mutable_target() = ToRecord(scaler.target);
  record.set_uid(scaler.uid);
  const ScaleMemory& memory = scaler.memory;
  record.set_begun(memory.begun);
  Put(memory.recommendations, record);
  for (const Change& change : memory.changes) {
    stored::ReplicasAdded& added = *record.add_changes();
    added.set_added(change.added);
    added.set_time_ns(ToStored(change.time));
  }
  if (memory.panic) {
    stored::Panic& panic = *record.mutable_panic();
    panic.set_began_ns(ToStored(memory.panic->began));
    panic.set_last_ns(ToStored(memory.panic->last));
    panic.set_floor(memory.panic->floor);
  }
  if (memory.scaled_in != absl::InfinitePast()) record.set_scaled_in_ns(ToStored(memory.scaled_in));
  if (scaler.last_scaled) {
    record.mutable_last_scaled()->set_epoch(scaler.last_scaled->epoch);
    record.mutable_last_scaled()->set_number(scaler.last_scaled->number);
  }
  record.set_written_ns(ToStored(scaler.written));
  return record;
}

absl::StatusOr<ScalerRecord> FromRecord(const stored::Scaler& record) {
  ScalerRecord scaler{.policy = record.policy(),
                      .cluster = record.cluster(),
                      .target = coordinator::FromRecord(record.target()),
                      .uid = record.uid(),
                      .memory = {},
                      .written = TimeFrom(record.written_ns()),
                      .last_scaled = {}};
  ScaleMemory& memory = scaler.memory;
  memory.begun = record.begun();
  for (const stored::WantedReplicas& wanted : record.lowest()) {
    memory.recommendations.lowest.push_back(FromRecord(wanted));
  }
  for (const stored::WantedReplicas& wanted : record.highest()) {
    memory.recommendations.highest.push_back(FromRecord(wanted));
  }
  for (const stored::ReplicasAdded& change : record.changes()) {
    memory.changes.push_back({.added = change.added(), .time = TimeFrom(change.time_ns())});
  }
  if (record.has_panic()) {
    memory.panic = Panic{.began = TimeFrom(record.panic().began_ns()),
                         .last = TimeFrom(record.panic().last_ns()),
                         .floor = record.panic().floor()};
  }
  if (record.has_scaled_in_ns()) memory.scaled_in = TimeFrom(record.scaled_in_ns());
  if (record.has_last_scaled()) {
    scaler.last_scaled =
        DecisionId{.epoch = record.last_scaled().epoch(), .number = record.last_scaled().number()};
  }
  return scaler;
}

}  // namespace evenkeel::coordinator
