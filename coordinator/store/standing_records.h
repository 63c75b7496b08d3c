// Switches that wait for the loss of a cluster as they are stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/switch/lost_cluster_policy.h"
#include "coordinator/core/switch/standing_record.h"
#include "evenkeel/storage/v1/switch_specs.pb.h"
#include "evenkeel/storage/v1/switches.pb.h"

namespace evenkeel::coordinator {

// Its name is that of its switch.
storage::v1::SwitchPolicy ToRecord(const LostClusterPolicy& policy);
absl::StatusOr<LostClusterPolicy> FromRecord(const storage::v1::SwitchPolicy& record);

storage::v1::StandingSwitch ToRecord(const StandingRecord& standing);
absl::StatusOr<StandingRecord> FromRecord(const storage::v1::StandingSwitch& record);

}  // namespace evenkeel::coordinator
