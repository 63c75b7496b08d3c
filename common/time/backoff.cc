#include "common/time/backoff.h"

#include <algorithm>
#include <cmath>

#include "common/base/check.h"

namespace evenkeel::time {

absl::Duration Backoff(const BackoffPolicy& policy, int failures, double random) {
  EVENKEEL_CHECK(policy.initial > absl::ZeroDuration() && policy.maximum >= policy.initial)
      << "back-off bounds";
  EVENKEEL_CHECK(policy.multiplier >= 1.0 && policy.jitter >= 0.0 && policy.jitter <= 1.0)
      << "back-off shape";
  EVENKEEL_CHECK(random >= 0.0 && random < 1.0) << "back-off needs a random number in [0, 1), got " << random;
  // Capped in floating point first: the power may be infinite long before a Duration could hold it.
  const double cap = absl::FDivDuration(policy.maximum, policy.initial);
  const double factor = std::min(cap, std::pow(policy.multiplier, std::max(failures, 1) - 1));
  return std::min(policy.maximum, policy.initial * factor) * (1.0 - policy.jitter * random);
}

}  // namespace evenkeel::time
