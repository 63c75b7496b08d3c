// The rung of the drain: a sick node's pods are moved off it through the Eviction API, one at a time, each
// after the last one's replacement is Ready.
#pragma once

#include <optional>
#include <vector>

#include "coordinator/core/health.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// When the decision ends: workloads of which a pod was asked for and none was evicted are no part of it.
void ForgetUntouched(OpenDecision& open);

// What follows from the eviction that was handed out last, when it was done: its workload gets time, and
// counts as moved. Call before anything else of the drain.
void NoteEviction(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open);

// The same of evictions that are still to be done and whose pods are gone. Only while Kubernetes' objects are
// complete.
void NoteGonePods(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open);

// The pod that may be evicted next; none: there is none now. One whose eviction was not answered comes first
// and alone, up to five times: it may have been done. Pods that were not asked for yet come before those that
// a PodDisruptionBudget held back, or nobody answers for.
std::optional<PodName> NextToEvict(Turn& turn, const Cluster& cluster, OpenDecision& open,
                                   const std::vector<Symptom>& symptoms);

// Hands that pod's eviction out. With the first of them the node is out of service (L6).
void Evict(Turn& turn, const Cluster& cluster, Node& node, OpenDecision& open, const PodName& name);

// All that could be moved off the node is Ready elsewhere.
bool IsMoved(const Cluster& cluster, const Node& node, const Decision& decision);

}  // namespace evenkeel::coordinator
