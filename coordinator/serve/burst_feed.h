// The clusters' bursts as they are now, by the names of their clusters (status_feed.h).
#pragma once

#include "coordinator/core/burst/burst_status.h"
#include "coordinator/serve/status_feed.h"
#include "evenkeel/v1/burst.pb.h"

namespace evenkeel::coordinator {

using BurstFeed = StatusFeed<BurstStatus>;
using BurstWatch = StatusWatch<BurstStatus, v1::WatchBurstsResponse>;

}  // namespace evenkeel::coordinator
