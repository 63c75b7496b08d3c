// What Kubernetes shows of nodes and pods, and what that changes.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

void OnNodeObserved(Turn& turn, const NodeObserved& event);
void OnNodeGone(Turn& turn, const NodeGone& event);
void OnPodObserved(Turn& turn, const PodObserved& event);
void OnPodGone(Turn& turn, const PodGone& event);

// A node carries our taint, but no record of ours says why (the store is younger than the taint). It counts
// as failed over, so that it is readmitted when it is well (L11).
void AdoptTaint(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
