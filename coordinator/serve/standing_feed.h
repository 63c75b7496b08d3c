// How the clusters are seen now whose loss switches wait for, by the names of their policies (status_feed.h).
#pragma once

#include "coordinator/core/switch/standing_record.h"
#include "coordinator/serve/status_feed.h"

namespace evenkeel::coordinator {

using StandingFeed = StatusFeed<StandingStatus>;

}  // namespace evenkeel::coordinator
