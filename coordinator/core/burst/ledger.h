// What a burst has used of virtual nodes, and what that costs. Consumption is kept in whole numbers and money
// is only computed when it is asked for: so nothing is lost by rounding, however often it is counted up, and
// a price that is changed holds for the whole burst. Pure.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

// One burst, from the first pod that is bound to a virtual node until there is none any more; one that has
// used up its time or money lasts on without a pod while more is wanted still (look_burst.cc). Durable: after
// a restart it counts on with what was there when it was written, since what nobody watches is paid for, too.
struct BurstLedger {
  std::optional<absl::Time> began;  // none: there is no burst
  Resources use;                    // what the pods on virtual nodes ask for, since `counted`
  absl::Time counted;               // while there is no pod: when the last one left
  // Used up to `counted`.
  int64_t cpu_millicore_ms = 0;
  int64_t memory_mib_ms = 0;
  int64_t pod_ms = 0;
  int64_t peak_pods = 0;
  bool operator==(const BurstLedger&) const = default;
};

// Counts up to `now`. A clock that was set back between two runs counts as no time at all.
void CountUp(BurstLedger& ledger, absl::Time now);

// From `now` on the pods on virtual nodes ask for `use`. The first begins the burst. When the last is gone
// the burst has ended, unless it `lasts` without any: that one is returned, whole, and the ledger is empty.
std::optional<BurstLedger> NoteUse(BurstLedger& ledger, const Resources& use, absl::Time now,
                                   bool lasts = false);

// After a start: the clock may have been set back between two runs. What began in the future would last by as
// much longer than its cap.
void BoundLedger(BurstLedger& ledger, absl::Time now);

// What has been spent up to ledger.counted, in millionths.
int64_t CostMicros(const BurstLedger& ledger, const BurstPrices& prices);

// What it costs to run `use` for an hour, in millionths.
int64_t MicrosPerHour(const Resources& use, const BurstPrices& prices);

}  // namespace evenkeel::coordinator
