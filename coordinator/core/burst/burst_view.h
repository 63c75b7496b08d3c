// What is shown of a cluster's bursts, out of the core's state: StatusOf makes it, PublishBurst tells it.
#pragma once

#include <cstddef>
#include <string>

#include "coordinator/core/burst/burst_status.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Of a long list so many are shown; how many there are is told besides.
inline constexpr size_t kMostShownOfBurst = 32;

// The ledger, counted up to `now`, with what is used from now on; before the cluster is listed with what was
// when it was written; it is told of that no oftener than it is looked at. O(virtual nodes).
BurstLedger LedgerOf(const Cluster& cluster, absl::Time now);

// What the guards of a burst go by. There is a policy.
BurstStanding StandingOf(const Cluster& cluster, absl::Time now);

// There is a policy. O(pods on virtual nodes + pods that press + real nodes while any has burst).
BurstStatus StatusOf(const State& state, const Cluster& cluster, absl::Time now);

// They differ by what time alone has made of the ledger.
bool IsSame(const BurstStatus& before, const BurstStatus& after);

// Tells of it where it is another than was told last, or of its end. At the end of each look, and so no
// oftener than kBurstLookEvery.
void PublishBurst(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
