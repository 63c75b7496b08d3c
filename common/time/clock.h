#pragma once

#include "absl/time/time.h"

namespace evenkeel::time {

// Where the time comes from. Any thread may call it; successive calls on one thread never go backwards.
// The pure rooms do not hold a clock: time is an argument there.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() const = 0;
};

}  // namespace evenkeel::time
