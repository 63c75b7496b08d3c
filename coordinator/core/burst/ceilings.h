// The ceiling of a workload's replicas by the caps of its cluster's virtual nodes (ceiling.h).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

// None: nothing is capped, virtual nodes are not ours to rule, or the workload's pods do not go there.
// O(pods of the workload + virtual nodes), and where what presses has changed O(pods that press).
// `valve_open`: a decision on the virtual nodes' valve is open, so they may take new pods whether real ones
// have room or not.
std::optional<int64_t> CeilingOf(Cluster& cluster, const Scaler& scaler, bool valve_open, absl::Time now);

}  // namespace evenkeel::coordinator
