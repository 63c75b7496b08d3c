#include "coordinator/serve/burst_messages.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "coordinator/core/burst/burst_words.h"
#include "coordinator/core/burst/caps.h"
#include "coordinator/serve/burst_validation.h"
#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/scaler_messages.h"

namespace evenkeel::coordinator {
namespace {

constexpr double kMsPerHour = 3'600'000;
constexpr double kMillicoresPerCore = 1000;
constexpr double kMibPerGib = 1024;

uint32_t Whole(int64_t value) {
  return static_cast<uint32_t>(std::clamp<int64_t>(value, 0, std::numeric_limits<uint32_t>::max()));
}

v1::Burst::Valve ValveMessage(ValveState valve) {
  switch (valve) {
    case ValveState::kUnruled:
      return v1::Burst::VALVE_UNRULED;
    case ValveState::kClosed:
      return v1::Burst::VALVE_CLOSED;
    case ValveState::kOpening:
      return v1::Burst::VALVE_OPENING;
    case ValveState::kOpen:
      return v1::Burst::VALVE_OPEN;
    case ValveState::kClosing:
      return v1::Burst::VALVE_CLOSING;
  }
  return v1::Burst::VALVE_UNSPECIFIED;
}

// Where it has begun.
v1::BurstLedger LedgerMessage(const BurstLedger& ledger, int64_t cost_micros, const std::string& currency) {
  v1::BurstLedger message;
  *message.mutable_start_time() = ToMessage(*ledger.began);
  *message.mutable_duration() = ToMessage(ledger.counted - *ledger.began);
  message.set_peak_pods(Whole(ledger.peak_pods));
  message.set_pod_hours(static_cast<double>(ledger.pod_ms) / kMsPerHour);
  message.set_core_hours(static_cast<double>(ledger.cpu_millicore_ms) / kMillicoresPerCore / kMsPerHour);
  message.set_gib_hours(static_cast<double>(ledger.memory_mib_ms) / kMibPerGib / kMsPerHour);
  message.set_cost(AmountOf(cost_micros));
  message.set_currency(currency);
  return message;
}

void ShowLedgers(const BurstStatus& status, absl::Time now, v1::Burst& message) {
  const BurstStanding& standing = status.standing;
  const BurstLedger ledger = LedgerAt(status, now);
  v1::BurstUse& use = *message.mutable_use();
  use.set_pods(Whole(ledger.use.pods));
  use.set_cpu_millicores(ledger.use.cpu_millicores);
  use.set_memory_bytes(ledger.use.memory_bytes);
  use.set_cost_per_hour(AmountOf(MicrosPerHour(ledger.use, standing.prices)));
  const absl::Time used_up = UsedUpAt(standing.caps, standing.prices, ledger);
  if (used_up != absl::InfiniteFuture()) *use.mutable_used_up_time() = ToMessage(used_up);
  Show(standing.caps, *message.mutable_caps());
  if (ledger.began) {
    *message.mutable_ledger() =
        LedgerMessage(ledger, CostMicros(ledger, standing.prices), standing.prices.currency);
  }
  if (!status.last || !status.last->ledger.began) return;
  const EndedBurst& last = *status.last;
  *message.mutable_last() = LedgerMessage(last.ledger, last.cost_micros, last.currency);
  *message.mutable_last()->mutable_end_time() = ToMessage(last.ledger.counted);
}

void ShowPressing(const BurstStatus& status, v1::Burst& message) {
  for (const PressingStatus& pod : status.pressing) {
    v1::PressingPod& added = *message.add_pressing_pods();
    added.set_pod(PodResource({status.cluster, pod.pod.name_space, pod.pod.name}));
    *added.mutable_start_time() = ToMessage(pod.since);
    if (pod.helpless_until) *added.mutable_helpless_until_time() = ToMessage(*pod.helpless_until);
    added.set_message(pod.waits_for);
  }
  message.set_pressing_count(static_cast<uint32_t>(status.pressing_count));
  message.set_helpless_count(static_cast<uint32_t>(status.helpless_count));
}

void ShowNodes(const BurstStatus& status, v1::Burst& message) {
  for (const VirtualNodeStatus& node : status.nodes) {
    v1::BurstNode& added = *message.add_nodes();
    added.set_node(node.name);
    added.set_ready(node.ready);
    added.set_open(node.open);
    added.set_pods(Whole(node.use.pods));
    added.set_cpu_millicores(node.use.cpu_millicores);
    added.set_memory_bytes(node.use.memory_bytes);
  }
  message.set_node_count(static_cast<uint32_t>(status.node_count));
}

void ShowBackOff(const ProviderBackOff& provider, v1::Burst& message) {
  if (provider.failures == 0) return;
  v1::BurstBackOff& back_off = *message.mutable_back_off();
  back_off.set_failures(provider.failures);
  *back_off.mutable_fail_time() = ToMessage(provider.failed);
  *back_off.mutable_end_time() = ToMessage(BackOffEnds(provider));
  back_off.set_cause(provider.cause);
}

void ShowDrainBack(const BurstStatus& status, absl::Time now, v1::DrainBack& message) {
  message.set_disabled(!status.brings_home);
  *message.mutable_room_after() = ToMessage(status.room_after);
  message.set_relapses(status.damping.relapses);
  if (status.damping.drained_back != absl::InfinitePast()) {
    *message.mutable_last_time() = ToMessage(status.damping.drained_back);
  }
  if (status.room_from && *status.room_from > now)
    *message.mutable_room_time() = ToMessage(*status.room_from);
  for (const HomewardStatus& workload : status.homeward) {
    v1::DrainBackWorkload& added = *message.add_workloads();
    added.set_workload(WorkloadResource(workload.workload));
    added.set_scaler(ScalerResource(workload.scaler));
    added.set_pods(Whole(workload.pods));
    if (workload.decision) added.set_decision(DecisionResource(*workload.decision));
    added.set_surge(Whole(workload.surge));
    if (workload.not_before > now) *added.mutable_next_time() = ToMessage(workload.not_before);
    added.set_reason(workload.waits_for);
  }
  message.set_unscaled_pods(Whole(status.strangers));
}

void ShowHeadroom(const HeadroomStatus& headroom, v1::Headroom& message) {
  message.set_placeholders_enabled(headroom.placeholders);
  message.set_webhook_enabled(headroom.webhook);
  if (!headroom.deployment.empty()) message.set_deployment(WorkloadResource(headroom.deployment));
  message.set_reason(headroom.unseen);
  message.set_placeholders(Whole(headroom.number));
  message.set_placeholders_unknown(headroom.unknown);
  message.set_cpu_millicores(headroom.each.cpu_millicores);
  message.set_memory_bytes(headroom.each.memory_bytes);
  if (headroom.change) message.set_change_decision(DecisionResource(*headroom.change));
  message.set_asked_pods(Whole(headroom.asked.pods));
  message.set_asked_cpu_millicores(headroom.asked.cpu_millicores);
  message.set_asked_memory_bytes(headroom.asked.memory_bytes);
  message.set_ask_failure(headroom.asked_in_vain);
  if (headroom.ask) message.set_ask_decision(DecisionResource(*headroom.ask));
}

}  // namespace

v1::Burst ToMessage(const BurstStatus& status, absl::Time now) {
  const BurstStanding& standing = status.standing;
  v1::Burst message;
  message.set_name(BurstResource(status.cluster));
  message.set_policy(PolicyResource(standing.policy));
  message.set_cluster(status.cluster);
  message.set_mode(standing.mode == PolicyMode::kEnforce ? v1::POLICY_MODE_ENFORCE : v1::POLICY_MODE_OBSERVE);
  message.set_paused(standing.policy_paused);
  if (status.listed) message.set_valve(ValveMessage(status.valve));
  if (status.opened) *message.mutable_open_time() = ToMessage(*status.opened);
  message.set_reason(ReasonOf(status, now));
  if (const std::optional<GuardAnswer> refusal = RefusalOf(status, now))
    message.set_refused_by(refusal->guard);
  message.set_would(WouldDo(status, now));
  ShowNodes(status, message);
  ShowLedgers(status, now, message);
  ShowPressing(status, message);
  ShowBackOff(standing.provider, message);
  ShowDrainBack(status, now, *message.mutable_drain_back());
  if (status.listed) ShowHeadroom(status.headroom, *message.mutable_headroom());
  if (standing.open_decision) message.set_open_decision(DecisionResource(*standing.open_decision));
  if (status.last_decision) message.set_last_decision(DecisionResource(*status.last_decision));
  return message;
}

void Fill(const std::string& cluster, const BurstStatus* status, absl::Time now,
          v1::WatchBurstsResponse& out) {
  if (status != nullptr) {
    *out.mutable_burst() = ToMessage(*status, now);
  } else {
    out.mutable_burst()->set_name(BurstResource(cluster));
  }
}

}  // namespace evenkeel::coordinator
