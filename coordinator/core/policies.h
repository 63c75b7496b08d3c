// Operators' policies: kept by name, at most one a cluster, in force as soon as they are durable.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Replies OK; ABORTED: it is no longer the one with the expected etag; FAILED_PRECONDITION: another policy
// has that cluster. What changes nothing writes nothing and keeps its etag.
void OnApplyPolicy(Turn& turn, const ApplyPolicy& event);

// Replies OK, NOT_FOUND or ABORTED (as above). The cluster is then observed with the defaults; what is under
// way is carried to its end.
void OnDeletePolicy(Turn& turn, const DeletePolicy& event);

// Puts the cluster's policy, or the defaults, in force, and tells the agents when that changes how they beat.
void EnforcePolicy(Turn& turn, Cluster& cluster);

// Tells the agents how to beat, if that has changed: the policy or the cluster's size class did.
void UpdateBeats(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
