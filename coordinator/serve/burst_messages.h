// Bursts as messages of the API.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_status.h"
#include "evenkeel/v1/burst.pb.h"

namespace evenkeel::coordinator {

// What it says of time and money is as of `now`.
v1::Burst ToMessage(const BurstStatus& status, absl::Time now);

// As a watch sends it; null: it is gone.
void Fill(const std::string& cluster, const BurstStatus* status, absl::Time now,
          v1::WatchBurstsResponse& out);

}  // namespace evenkeel::coordinator
