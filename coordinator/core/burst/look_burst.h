// A cluster's virtual nodes are looked at: what they cost is counted, pods on them are marked as the first to
// go, those that do not come up are given up, and the nodes are opened or closed to new pods.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Burst::next_look has come. O(pods on virtual nodes + pods that press).
void OnBurstDue(Turn& turn, Cluster& cluster);

// Why virtual nodes are not to be opened now, by what presses and by the guards: a clause. Empty: they are.
std::string WhyNotOpen(const Cluster& cluster, absl::Time now);

// What all pods that press ask for together; those that the valve does not help are not counted.
Resources PressingRequests(const Cluster& cluster, absl::Time now);

// The same, which is then known until anything of it changes (PressingChanged). O(1) while it is known.
const Resources& SumPressing(Cluster& cluster, absl::Time now);

// What presses has changed, or whether it counts: a pod, its scaler, a surge.
void PressingChanged(Cluster& cluster);

// What the pods that have burst ask for together; what has ended or is going asks for nothing. O(virtual
// nodes).
Resources UseOfVirtualNodes(const Cluster& cluster);

// Since when a pod finds no room, as far as it counts: where there is some on real nodes by our count and
// placeholders may hold it, or have just held it, after they have had their time to make way.
absl::Time PressesSince(const Cluster& cluster, const PodName& name, const PressingPod& pod);

}  // namespace evenkeel::coordinator
