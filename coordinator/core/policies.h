// Operators' policies: kept by name, at most one of a kind for a subject (a cluster's failover or its
// virtual nodes, a workload's scaling, an application's traffic when its cluster is lost), in force as soon
// as they are durable.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Both are of one kind and about the same thing: at most one of them can be in force.
bool SameSubject(const Policy& one, const Policy& other);

// Replies OK; ABORTED: it is no longer the one with the expected etag; FAILED_PRECONDITION: another policy
// has its subject, it has changed its kind, or a HorizontalPodAutoscaler scales its workload. What changes
// nothing writes nothing and keeps its etag.
void OnApplyPolicy(Turn& turn, const ApplyPolicy& event);

// Replies OK, NOT_FOUND or ABORTED (as above). A cluster is then observed with the defaults, a workload is
// not looked at any more; what is under way is carried to its end.
void OnDeletePolicy(Turn& turn, const DeletePolicy& event);

// `policy` as it is stored now, with its times and a new etag. Changes nothing yet.
Policy StampPolicy(const Turn& turn, Policy policy);

// Stores a policy that was stamped in this step, and puts it in force.
void EnactPolicy(Turn& turn, const Policy& policy);

// Puts the cluster's policy, or the defaults, in force, and tells the agents when that changes how they beat.
void EnforcePolicy(Turn& turn, Cluster& cluster);

// Tells the agents how to beat, if that has changed: the policy or the cluster's size class did.
void UpdateBeats(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
