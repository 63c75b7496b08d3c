// What the core knows of scaling as it is stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/scale/scale_policy.h"
#include "coordinator/core/scale/scaler_record.h"
#include "coordinator/core/workload.h"
#include "evenkeel/storage/v1/records.pb.h"

namespace evenkeel::coordinator {

storage::v1::Workload ToRecord(const Workload& workload);
Workload FromRecord(const storage::v1::Workload& record);

storage::v1::ScaleRules ToRecord(const ScaleRules& rules);
storage::v1::ScalePolicy ToRecord(const ScalePolicy& policy);
storage::v1::Scaler ToRecord(const ScalerRecord& scaler);

absl::StatusOr<ScaleRules> FromRecord(const storage::v1::ScaleRules& record);
absl::StatusOr<ScalePolicy> FromRecord(const storage::v1::ScalePolicy& record);
absl::StatusOr<ScalerRecord> FromRecord(const storage::v1::Scaler& record);

}  // namespace evenkeel::coordinator
