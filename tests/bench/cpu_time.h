// CPU time of this thread: what others do on the machine does not count.
#pragma once

#include <time.h>

#include "absl/time/time.h"
#include "common/base/check.h"

namespace evenkeel::bench {

inline absl::Duration CpuTime() {
  timespec time{};
  EVENKEEL_CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0) << "there is no clock of CPU time";
  return absl::DurationFromTimespec(time);
}

}  // namespace evenkeel::bench
