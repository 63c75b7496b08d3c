// What is shown of a cluster's bursts, as lines that an operator can read: what golden files hold.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_status.h"

namespace evenkeel::scenario {

// As of `now`, with what would be done and who waits for what.
std::string ShowBurst(const coordinator::BurstStatus& status, absl::Time now);

}  // namespace evenkeel::scenario
