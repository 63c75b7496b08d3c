// The core's structs as they lie on the disk (proto/evenkeel/storage/v1) and back.
//
// Nothing is lost on the way: for every struct, FromRecord(ToRecord(x)) == x. Times that are infinite stay
// infinite; others keep whole nanoseconds, which is all that the coordinator's clock gives. The way back
// fails with DATA_LOSS when a record holds what this version does not know: it was written by a newer
// coordinator, or damaged.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/policy.h"
#include "evenkeel/storage/v1/records.pb.h"

namespace evenkeel::coordinator {

storage::v1::Decision ToRecord(const Decision& decision);
storage::v1::Node ToRecord(const NodeRecord& node);
storage::v1::Policy ToRecord(const Policy& policy);
storage::v1::Cluster ToRecord(const ClusterRecord& cluster);
storage::v1::Maintenance ToRecord(const Maintenance& maintenance);

absl::StatusOr<Decision> FromRecord(const storage::v1::Decision& record);
absl::StatusOr<NodeRecord> FromRecord(const storage::v1::Node& record);
absl::StatusOr<Policy> FromRecord(const storage::v1::Policy& record);
absl::StatusOr<ClusterRecord> FromRecord(const storage::v1::Cluster& record);
absl::StatusOr<Maintenance> FromRecord(const storage::v1::Maintenance& record);

}  // namespace evenkeel::coordinator
