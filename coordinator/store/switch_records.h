// Switches as they are stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/switch/switch_record.h"
#include "evenkeel/storage/v1/switches.pb.h"

namespace evenkeel::coordinator {

storage::v1::SwitchSpec ToRecord(const SwitchSpec& spec);
absl::StatusOr<SwitchSpec> FromRecord(const storage::v1::SwitchSpec& record);

storage::v1::SwitchRecord ToRecord(const StoredSwitch& stored);
absl::StatusOr<StoredSwitch> FromRecord(const storage::v1::SwitchRecord& record);

}  // namespace evenkeel::coordinator
