// Sentences about a cluster's bursts, for people, made of what is shown of them when somebody reads it: what
// is said of time and money is as of `now`. In the style of sentences.h. Pure.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_status.h"
#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

// The ledger, counted up to `now`.
BurstLedger LedgerAt(const BurstStatus& status, absl::Time now);

// The guard that keeps virtual nodes from being opened for what presses. None: nothing presses, or nothing
// keeps them from it.
std::optional<GuardAnswer> RefusalOf(const BurstStatus& status, absl::Time now);

// Why virtual nodes are open or closed: "3 pods find no room on real nodes".
std::string ReasonOf(const BurstStatus& status, absl::Time now);

// What would be done if no guard refused: "open virtual nodes to 3 pods, which ask for 600m of CPU and 96
// MiB, for 0.024 USD an hour more"; empty: nothing.
std::string WouldDo(const BurstStatus& status, absl::Time now);

}  // namespace evenkeel::coordinator
