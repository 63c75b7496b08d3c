// Scalers as messages of the API.
#pragma once

#include <string>

#include "coordinator/core/scale/scaler_status.h"
#include "evenkeel/v1/scaler.pb.h"

namespace evenkeel::coordinator {

v1::Scaler ToMessage(const ScalerStatus& status);

v1::ScaleTarget TargetMessage(const Workload& workload, const std::string& version);

// As Decision.workload and actions name it: "namespaces/NAMESPACE/deployments/NAME".
std::string WorkloadResource(const Workload& workload);

}  // namespace evenkeel::coordinator
