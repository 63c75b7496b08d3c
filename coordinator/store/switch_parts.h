// What records of switches and records of their events both hold; to be used by this room only. See
// records.h.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/core/switch/gates.h"
#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/core/switch/switch_spec.h"
#include "evenkeel/storage/v1/switches.pb.h"

namespace evenkeel::coordinator {

storage::v1::SwitchedApplication ToRecord(const Application& application);
Application FromRecord(const storage::v1::SwitchedApplication& record);

storage::v1::ProbeFailure ToRecord(const ProbeFailure& failure);
absl::StatusOr<ProbeFailure> FromRecord(const storage::v1::ProbeFailure& record);

using ProbeCountRecords = google::protobuf::RepeatedPtrField<storage::v1::ProbeCount>;
void PutProbes(const ProbeCounts& counts, ProbeCountRecords& records);
absl::Status GetProbes(const ProbeCountRecords& records, ProbeCounts& counts);

storage::v1::GateVerdict ToStored(GateVerdict verdict);
absl::Status FromStored(storage::v1::GateVerdict record, const char* field, GateVerdict& out);

}  // namespace evenkeel::coordinator
