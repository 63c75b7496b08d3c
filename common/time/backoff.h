#pragma once

#include "absl/time/time.h"

namespace evenkeel::time {

// How long to wait between attempts at something that fails.
struct BackoffPolicy {
  absl::Duration initial = absl::Milliseconds(100);  // > 0
  absl::Duration maximum = absl::Seconds(10);        // >= initial
  double multiplier = 2.0;                           // >= 1
  double jitter = 0.5;                               // [0, 1]: the share of the wait that is random
};

// The wait after failure number `failures` (1 for the first; smaller counts as 1). Pure: `random` in [0, 1)
// is the caller's. With d = min(maximum, initial * multiplier^(failures - 1)) the result is d * (1 - jitter *
// random), so it lies in (d * (1 - jitter), d]: never above the maximum, and a crowd that failed together
// comes back spread out.
absl::Duration Backoff(const BackoffPolicy& policy, int failures, double random);

}  // namespace evenkeel::time
