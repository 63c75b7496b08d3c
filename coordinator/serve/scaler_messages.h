// Scalers as messages of the API.
#pragma once

#include <string>

#include "coordinator/core/scale/scaler_status.h"
#include "evenkeel/v1/scaler.pb.h"

namespace evenkeel::coordinator {

v1::Scaler ToMessage(const ScalerStatus& status);

// As a watch sends it; null: it is gone.
void Fill(const std::string& policy, const ScalerStatus* status, v1::WatchScalersResponse& out);

// `version` empty: not known, and only the API's group is told.
v1::ScaleTarget TargetMessage(const Workload& workload, const std::string& version);

// As Decision.workload and actions name it: "namespaces/NAMESPACE/deployments/NAME"; empty for no
// workload.
std::string WorkloadResource(const Workload& workload);

}  // namespace evenkeel::coordinator
