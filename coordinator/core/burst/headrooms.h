// Headroom of all clusters: while pods are on virtual nodes, placeholders and a webhook ask for real machines
// (headroom.h). Decisions of kind kHeadroom: one changes the placeholders' Deployment, another asks the
// webhook, at most one of each is open a cluster (L3); neither holds up the other, nor the burst.
//
// What is there is seen (L8): the Deployment is watched for as long as it may hold placeholders, over
// restarts and beyond the policy's end, so that what was placed is taken away again.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Brings the placeholders to what is wanted now, and asks the webhook where that is due. `again`: lowered to
// when time alone may change something. O(pods on virtual nodes + open decisions).
void ReviewHeadroom(Turn& turn, Cluster& cluster, absl::Time& again);

// All actions of a kHeadroom have ended.
void OnHeadroomActed(Turn& turn, Cluster& cluster, OpenDecision& open);

// The placeholders' Deployment is seen or cannot be; nothing where the event is about another workload.
void HeadroomSeen(Turn& turn, const WorkloadObserved& event);
void HeadroomGone(Turn& turn, const WorkloadGone& event);

// A placeholder may be there, or one of these decisions is open: the cluster is looked at whatever becomes of
// its policy.
bool HasHeadroom(const Cluster& cluster);

// What a policy's change allows is asked anew.
void ForgetRefusals(Headroom& headroom);

}  // namespace evenkeel::coordinator
