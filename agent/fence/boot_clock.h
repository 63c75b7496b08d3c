#pragma once

#include "common/time/clock.h"

namespace evenkeel::agent {

// CLOCK_BOOTTIME: the time since the machine's boot, suspension included; as if the boot had been at the Unix
// epoch. Nobody can set it, and it is the same for all processes of one boot.
class BootClock final : public time::Clock {
 public:
  absl::Time Now() const override;
};

}  // namespace evenkeel::agent
