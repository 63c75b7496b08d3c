// L9: pods on virtual nodes are the first to go, also where the server does not heed deletion costs.
#pragma once

#include "coordinator/core/decision.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

// `plan` is one of PlanScale. Where it scales in on a server that heeds no deletion costs, the victims are
// evicted by a stage of their own before the number goes down: what the controller makes in their place is
// not Ready yet, and so is what it takes.
void TakeVirtualFirst(const Cluster& cluster, const Scaler& scaler, Decision& plan);

}  // namespace evenkeel::coordinator
