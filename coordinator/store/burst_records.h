// What the core knows of bursts as it is stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/burst/burst_record.h"
#include "evenkeel/storage/v1/records.pb.h"

namespace evenkeel::coordinator {

storage::v1::BurstPolicy ToRecord(const BurstPolicy& policy);
storage::v1::Burst ToRecord(const BurstRecord& burst);

absl::StatusOr<BurstPolicy> FromRecord(const storage::v1::BurstPolicy& record);
BurstRecord FromRecord(const storage::v1::Burst& record);

}  // namespace evenkeel::coordinator
