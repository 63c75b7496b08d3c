#include "coordinator/store/standing_records.h"

#include <cstdint>
#include <utility>

#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/stored_time.h"
#include "coordinator/store/switch_parts.h"
#include "coordinator/store/switch_records.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

constexpr EnumPair<OnLostCluster, stored::OnLostCluster> kOnLost[] = {
    {OnLostCluster::kOff, stored::ON_LOST_CLUSTER_UNSPECIFIED},
    {OnLostCluster::kAsk, stored::ON_LOST_CLUSTER_ASK},
    {OnLostCluster::kSwitch, stored::ON_LOST_CLUSTER_SWITCH},
};

}  // namespace

stored::SwitchPolicy ToRecord(const LostClusterPolicy& policy) {
  stored::SwitchPolicy record;
  *record.mutable_spec() = ToRecord(policy.spec);
  record.set_on_lost(ToStored(kOnLost, policy.on_lost));
  record.set_lost_nodes_percent(policy.rules.lost_nodes_percent);
  record.set_api_away_for_ns(ToStored(policy.rules.api_away_for));
  record.set_lost_for_ns(ToStored(policy.rules.lost_for));
  record.set_api_address(policy.api_address);
  record.set_api_port(policy.api_port);
  return record;
}

absl::StatusOr<LostClusterPolicy> FromRecord(const stored::SwitchPolicy& record) {
  LostClusterPolicy policy;
  EVENKEEL_ASSIGN_OR_RETURN(policy.spec, FromRecord(record.spec()));
  EVENKEEL_RETURN_IF_ERROR(FromStored(kOnLost, record.on_lost(), "SwitchPolicy.on_lost", policy.on_lost));
  policy.rules = {.lost_nodes_percent = record.lost_nodes_percent(),
                  .api_away_for = DurationFrom(record.api_away_for_ns()),
                  .lost_for = DurationFrom(record.lost_for_ns())};
  policy.api_address = record.api_address();
  policy.api_port = static_cast<uint16_t>(record.api_port());
  return policy;
}

stored::StandingSwitch ToRecord(const StandingRecord& standing) {
  stored::StandingSwitch record;
  record.set_policy(standing.policy);
  for (const auto& [application, pods] : standing.needed) {
    stored::NeededPods& needed = *record.add_needed();
    *needed.mutable_application() = ToRecord(application);
    needed.set_pods(pods);
  }
  return record;
}

absl::StatusOr<StandingRecord> FromRecord(const stored::StandingSwitch& record) {
  StandingRecord standing;
  standing.policy = record.policy();
  for (const stored::NeededPods& needed : record.needed()) {
    standing.needed[FromRecord(needed.application())] = needed.pods();
  }
  return standing;
}

}  // namespace evenkeel::coordinator
