#include "common/time/steady_clock.h"

#include "absl/time/clock.h"

namespace evenkeel::time {

SteadyClock::SteadyClock()
    : wall_at_start_(absl::Now()), monotonic_at_start_(std::chrono::steady_clock::now()) {}

absl::Time SteadyClock::Now() const {
  return wall_at_start_ + absl::FromChrono(std::chrono::steady_clock::now() - monotonic_at_start_);
}

}  // namespace evenkeel::time
