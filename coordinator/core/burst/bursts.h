// Bursts of all clusters: what happens to virtual nodes and to their pods comes in here; what follows of it
// is in look_burst.h.
//
// Costs: an event O(log n); a policy that changes O(nodes of the cluster).
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// The burst policy of the cluster is new, has changed or is gone; or the cluster is new.
void UpdateBurst(Turn& turn, Cluster& cluster);

// Called where the core learns of nodes and pods, after the cluster's state has changed.
void BurstNodeSeen(Turn& turn, Cluster& cluster, const Node& node);
void BurstNodeGone(Turn& turn, Cluster& cluster, const std::string& node);
// Whether pods may come to the node depends on its standing, too.
void BurstStandingChanged(Turn& turn, Cluster& cluster, const std::string& node);
// `node_before`: where the pod of that name was before; empty: nowhere.
void BurstPodSeen(Turn& turn, Cluster& cluster, const PodName& name, const PodFacts& facts,
                  const std::string& node_before);
void BurstPodGone(Turn& turn, Cluster& cluster, const PodName& name, const std::string& node_before);

// What a look would go by may be another: it is looked at as soon as it may be. Nothing where neither a
// policy nor a taint of ours is there.
void BurstLookSoon(Turn& turn, Cluster& cluster);

// Of a pod on a virtual node: it has come there by a burst. A DaemonSet's belongs to the node, and costs as
// much without one.
bool HasBurst(const PodFacts& facts);

// It runs no more, for good or ill.
bool HasEnded(const PodFacts& facts);

// There is a policy, it enforces and is not paused: virtual nodes are ours to open and to close.
bool RulesVirtualNodes(const Burst& burst);

}  // namespace evenkeel::coordinator
