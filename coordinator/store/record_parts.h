// What records of more than one kind hold; to be used by this room only. See records.h.
#pragma once

#include "coordinator/core/decision.h"
#include "evenkeel/storage/v1/records.pb.h"

namespace evenkeel::coordinator {

storage::v1::DecisionId ToRecord(const DecisionId& id);
DecisionId FromRecord(const storage::v1::DecisionId& record);

storage::v1::WorkloadRecovery ToRecord(const WorkloadRecovery& workload);
WorkloadRecovery FromRecord(const storage::v1::WorkloadRecovery& record);

}  // namespace evenkeel::coordinator
