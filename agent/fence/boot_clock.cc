#include "agent/fence/boot_clock.h"

#include <ctime>

namespace evenkeel::agent {

absl::Time BootClock::Now() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return absl::TimeFromTimespec(now);
}

}  // namespace evenkeel::agent
