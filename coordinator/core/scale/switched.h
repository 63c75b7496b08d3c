// Whether the workload of a scaler is being switched to another cluster, and how much of it must stay
// meanwhile (switch/switch_floors.h).
#pragma once

#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

// O(switches) where none is under way in the workload's namespace, else O(pods of the workload) as well. Its
// pods are those that the scaler sees; whose they are is told by what controls them.
SwitchFloor FloorOf(const State& state, const Cluster& cluster, const Scaler& scaler);

}  // namespace evenkeel::coordinator
