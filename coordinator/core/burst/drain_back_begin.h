// When a drain-back of a workload begins: what speaks against it, its guards, its plan. The rules are in
// drain_back.h; how it goes on is in drain_backs.h.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// A drain-back that waits for something else than time or room is asked for again so soon.
inline constexpr absl::Duration kAskAgainToComeHome = absl::Seconds(1);

// Begins one of a workload that has none, where it may; else what it waits for is said in the scaler's
// DrainBackPause, and a guard's refusal is recorded once. The cluster has a burst policy. `again`: lowered to
// when time alone may change something. O(pods of the workload and real nodes).
void MayBeginDrainBack(Turn& turn, Cluster& cluster, Scaler& scaler, absl::Time& again);

}  // namespace evenkeel::coordinator
