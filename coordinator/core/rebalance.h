// After a readmission, where the policy says so: pods of the workloads that were moved come back onto the
// node, one at a time, through the Eviction API, so that every PodDisruptionBudget holds and each workload is
// as Ready as before in between.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Nothing happens without `rebalance` and the mode enforce, or with nothing moved. Of a node that is sick, or
// still has our taint for that, `moved` is kept in its record.
void StartRebalance(Turn& turn, Node& node, std::vector<WorkloadRecovery> moved);

// Goes on as far as it can: a finished move is counted, the next eviction handed out.
void ContinueRebalance(Turn& turn, OpenDecision& open);

// What was blocked is asked again, if its pod is still there.
void RetryEviction(Turn& turn, OpenDecision& open);

// Ends it with what was reached.
void EndRebalance(Turn& turn, OpenDecision& open, const std::string& why);

// The node is not fit to receive pods any more; ends its rebalance if one is open.
void StopRebalance(Turn& turn, Node& node, const std::string& why);

}  // namespace evenkeel::coordinator
