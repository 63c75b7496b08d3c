#pragma once

#include <chrono>

#include "common/time/clock.h"

namespace evenkeel::time {

// The wall clock is read once, at construction; from then on only the monotonic clock counts. So a wall clock
// that is set, stepped or smeared later never makes an interval longer or shorter (L2), at the price that the
// dates shown drift with the machine's oscillator until the process is restarted. A stopped process (SIGSTOP)
// sees the time that has passed when it continues; a suspended machine does not. Two instances disagree by as
// much as the wall clock was changed between their constructions: make one per process.
class SteadyClock final : public Clock {
 public:
  SteadyClock();
  absl::Time Now() const override;

 private:
  const absl::Time wall_at_start_;
  const std::chrono::steady_clock::time_point monotonic_at_start_;
};

}  // namespace evenkeel::time
