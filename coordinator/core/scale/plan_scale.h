// What is to be done about an advice, as a decision: evidence, alternatives and one action. Pure.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/scale/scaler.h"

namespace evenkeel::coordinator {

// A decision of kind kScale as far as it follows from the scaler alone: subject, summary ("Deployment
// shop/web from 2 to 6 replicas: CPU at 143 % of the request, target 50 %"), evidence (the figures of both
// windows, the pods that are held, missing, unready or broken, throttling), alternatives (the number that the
// load alone asks for, with the steps that changed it), one action kSetReplicas, timings.detected (the newest
// sample that the advice goes by) and timings.judged. The caller adds guards, policy and id.
// `advice.replicas` differs from `advice.current`.
Decision PlanScale(const Scaler& scaler, absl::Time now);

}  // namespace evenkeel::coordinator
