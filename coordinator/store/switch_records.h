// Switches as they are stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/switch/switch_record.h"
#include "evenkeel/storage/v1/switches.pb.h"

namespace evenkeel::coordinator {

storage::v1::SwitchSpec ToRecord(const SwitchSpec& spec);
absl::StatusOr<SwitchSpec> FromRecord(const storage::v1::SwitchSpec& record);

// A switch has no name of its own for ever: it is kept by its decision.
struct StoredSwitch {
  DecisionId decision;
  SwitchRecord record;
  bool operator==(const StoredSwitch&) const = default;
};
storage::v1::SwitchRecord ToRecord(const StoredSwitch& stored);
absl::StatusOr<StoredSwitch> FromRecord(const storage::v1::SwitchRecord& record);

}  // namespace evenkeel::coordinator
