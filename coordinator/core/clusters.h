// Clusters: their beginning, what a start restored of them, and whether Kubernetes can be relied on.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

void OnClusterAdded(Turn& turn, const ClusterAdded& event);
void OnApiChanged(Turn& turn, const ApiChanged& event);

// The start's grace or a stall's hold-down may be over.
void OnSightDue(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
