// The scalers as they are now, by the names of their policies (status_feed.h).
#pragma once

#include "coordinator/core/scale/scaler_status.h"
#include "coordinator/serve/status_feed.h"
#include "evenkeel/v1/scaler.pb.h"

namespace evenkeel::coordinator {

using ScalerFeed = StatusFeed<ScalerStatus>;
using ScalerWatch = StatusWatch<ScalerStatus, v1::WatchScalersResponse>;

}  // namespace evenkeel::coordinator
