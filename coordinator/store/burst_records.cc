#include "coordinator/store/burst_records.h"

#include <utility>

#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

constexpr EnumPair<PolicyMode, stored::PolicyMode> kBurstModes[] = {
    {PolicyMode::kObserve, stored::POLICY_MODE_OBSERVE},
    {PolicyMode::kEnforce, stored::POLICY_MODE_ENFORCE},
};

stored::EndedBurst ToRecord(const EndedBurst& ended) {
  stored::EndedBurst record;
  if (ended.ledger.began) record.set_began_ns(ToStored(*ended.ledger.began));
  record.set_ended_ns(ToStored(ended.ledger.counted));
  record.set_cpu_millicore_ms(ended.ledger.cpu_millicore_ms);
  record.set_memory_mib_ms(ended.ledger.memory_mib_ms);
  record.set_pod_ms(ended.ledger.pod_ms);
  record.set_peak_pods(ended.ledger.peak_pods);
  record.set_cost_micros(ended.cost_micros);
  record.set_currency(ended.currency);
  return record;
}

EndedBurst FromRecord(const stored::EndedBurst& record) {
  EndedBurst ended;
  ended.ledger.began = TimeFrom(record.began_ns());
  ended.ledger.counted = TimeFrom(record.ended_ns());
  ended.ledger.cpu_millicore_ms = record.cpu_millicore_ms();
  ended.ledger.memory_mib_ms = record.memory_mib_ms();
  ended.ledger.pod_ms = record.pod_ms();
  ended.ledger.peak_pods = record.peak_pods();
  ended.cost_micros = record.cost_micros();
  ended.currency = record.currency();
  return ended;
}

}  // namespace

stored::BurstPolicy ToRecord(const BurstPolicy& policy) {
  stored::BurstPolicy record;
  record.set_cluster(policy.cluster);
  record.set_mode(ToStored(kBurstModes, policy.mode));
  record.set_paused(policy.paused);
  for (const VirtualSelector::Label& label : policy.virtual_nodes.labels) {
    stored::VirtualLabel& added = *record.add_labels();
    added.set_key(label.key);
    added.set_value(label.value);
  }
  for (const std::string& key : policy.virtual_nodes.taint_keys) record.add_taint_keys(key);
  if (policy.caps.pods) record.set_cap_pods(*policy.caps.pods);
  if (policy.caps.cpu_millicores) record.set_cap_cpu_millicores(*policy.caps.cpu_millicores);
  if (policy.caps.duration) record.set_cap_duration_ns(ToStored(*policy.caps.duration));
  if (policy.caps.cost_micros) record.set_cap_cost_micros(*policy.caps.cost_micros);
  record.set_core_hour_micros(policy.prices.core_hour_micros);
  record.set_gib_hour_micros(policy.prices.gib_hour_micros);
  record.set_currency(policy.prices.currency);
  record.set_drain_back(policy.drain_back.enabled);
  record.set_surge(policy.drain_back.surge);
  record.set_surge_timeout_ns(ToStored(policy.drain_back.surge_timeout));
  record.set_room_after_ns(ToStored(policy.drain_back.room_after));
  record.set_max_room_after_ns(ToStored(policy.drain_back.max_room_after));
  record.set_start_timeout_ns(ToStored(policy.start_timeout));
  stored::BurstHeadroom& headroom = *record.mutable_headroom();
  headroom.set_placeholders(policy.headroom.placeholders);
  headroom.set_most(policy.headroom.most);
  headroom.set_namespace_(policy.headroom.name_space);
  headroom.set_webhook(policy.headroom.webhook);
  return record;
}

absl::StatusOr<BurstPolicy> FromRecord(const stored::BurstPolicy& record) {
  BurstPolicy policy;
  policy.cluster = record.cluster();
  EVENKEEL_RETURN_IF_ERROR(FromStored(kBurstModes, record.mode(), "BurstPolicy.mode", policy.mode));
  policy.paused = record.paused();
  policy.virtual_nodes.labels.clear();
  for (const stored::VirtualLabel& label : record.labels()) {
    policy.virtual_nodes.labels.push_back({.key = label.key(), .value = label.value()});
  }
  policy.virtual_nodes.taint_keys = {record.taint_keys().begin(), record.taint_keys().end()};
  if (record.has_cap_pods()) policy.caps.pods = record.cap_pods();
  if (record.has_cap_cpu_millicores()) policy.caps.cpu_millicores = record.cap_cpu_millicores();
  if (record.has_cap_duration_ns()) policy.caps.duration = DurationFrom(record.cap_duration_ns());
  if (record.has_cap_cost_micros()) policy.caps.cost_micros = record.cap_cost_micros();
  policy.prices = {.core_hour_micros = record.core_hour_micros(),
                   .gib_hour_micros = record.gib_hour_micros(),
                   .currency = record.currency()};
  policy.drain_back = {.enabled = record.drain_back(),
                       .surge = record.surge(),
                       .surge_timeout = DurationFrom(record.surge_timeout_ns()),
                       .room_after = DurationFrom(record.room_after_ns()),
                       .max_room_after = DurationFrom(record.max_room_after_ns())};
  policy.start_timeout = DurationFrom(record.start_timeout_ns());
  if (record.has_headroom()) {
    policy.headroom = {.placeholders = record.headroom().placeholders(),
                       .most = record.headroom().most(),
                       .name_space = record.headroom().namespace_(),
                       .webhook = record.headroom().webhook()};
  }
  return policy;
}

stored::Burst ToRecord(const BurstRecord& burst) {
  stored::Burst record;
  const BurstLedger& ledger = burst.ledger;
  if (ledger.began) record.set_began_ns(ToStored(*ledger.began));
  record.mutable_use()->set_cpu_millicores(ledger.use.cpu_millicores);
  record.mutable_use()->set_memory_bytes(ledger.use.memory_bytes);
  record.mutable_use()->set_pods(ledger.use.pods);
  record.set_counted_ns(ToStored(ledger.counted));
  record.set_cpu_millicore_ms(ledger.cpu_millicore_ms);
  record.set_memory_mib_ms(ledger.memory_mib_ms);
  record.set_pod_ms(ledger.pod_ms);
  record.set_peak_pods(ledger.peak_pods);
  record.set_failures(burst.provider.failures);
  record.set_failed_ns(ToStored(burst.provider.failed));
  record.set_relapses(burst.damping.relapses);
  record.set_drained_back_ns(ToStored(burst.damping.drained_back));
  record.set_placeholder_namespace(burst.headroom.name_space);
  const Resources& asked = burst.headroom.asked;
  record.mutable_asked()->set_cpu_millicores(asked.cpu_millicores);
  record.mutable_asked()->set_memory_bytes(asked.memory_bytes);
  record.mutable_asked()->set_pods(asked.pods);
  record.set_failure_cause(burst.provider.cause);
  if (burst.last) *record.mutable_last() = ToRecord(*burst.last);
  return record;
}

BurstRecord FromRecord(const stored::Burst& record) {
  BurstRecord burst;
  BurstLedger& ledger = burst.ledger;
  if (record.has_began_ns()) ledger.began = TimeFrom(record.began_ns());
  ledger.use = {.cpu_millicores = record.use().cpu_millicores(),
                .memory_bytes = record.use().memory_bytes(),
                .pods = record.use().pods()};
  ledger.counted = TimeFrom(record.counted_ns());
  ledger.cpu_millicore_ms = record.cpu_millicore_ms();
  ledger.memory_mib_ms = record.memory_mib_ms();
  ledger.pod_ms = record.pod_ms();
  ledger.peak_pods = record.peak_pods();
  burst.headroom = {.name_space = record.placeholder_namespace(),
                    .asked = {.cpu_millicores = record.asked().cpu_millicores(),
                              .memory_bytes = record.asked().memory_bytes(),
                              .pods = record.asked().pods()}};
  burst.provider = {
      .failures = record.failures(), .failed = TimeFrom(record.failed_ns()), .cause = record.failure_cause()};
  burst.damping = {.relapses = record.relapses(), .drained_back = TimeFrom(record.drained_back_ns())};
  if (record.has_last()) burst.last = FromRecord(record.last());
  return burst;
}

}  // namespace evenkeel::coordinator
