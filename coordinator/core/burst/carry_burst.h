// How decisions on virtual nodes (kBurst, kValve, kFirstToGo, kBackOff, kHeadroom) are carried out; called by
// carry_out.h for these kinds.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// It is carried out here.
bool IsOnVirtualNodes(const Decision& decision);

// Not while the cluster is paused or the API is away. To open virtual nodes or to close them (which takes no
// pod off them, and caps hold in blindness, too), to mark pods, to ask for machines and to have more pods is
// right whatever is doubted of nodes; all else waits for sight (L2).
bool MayReleaseOnVirtualNodes(const Cluster& cluster, const OpenDecision& open, const Action& action);

// All actions have ended.
void OnVirtualNodesActed(Turn& turn, OpenDecision& open);

// A pause before something is asked again is over, or what kept it waiting is.
void CarryOnVirtualNodes(Turn& turn, OpenDecision& open);

// The burst's virtual nodes are closed again; open.unneeded says why.
void CloseValves(Turn& turn, Cluster& cluster, OpenDecision& open);

// After a start (L4). A burst goes on: its virtual nodes are opened, are open until nothing presses any more,
// or are closed. The rest is given up, and planned again from what is then seen.
void RestoreVirtualNodes(Turn& turn, Cluster& cluster, OpenDecision& open);

// Evictions that were tried `most` times are not tried again.
void SkipTriedEvictions(Turn& turn, OpenDecision& open, uint32_t most);

// L9: evictions of a drain-back that had to wait (for an answer, a budget, the API, a restart) are planned
// anew: those that would leave fewer Ready pods than are wanted are not tried again. A pod that is gone is no
// loss; one that is not told yet (Scaler::pods_told_by) may be.
void SkipEvictionsPastSpare(Turn& turn, OpenDecision& open);

// The cluster's sight or its API has changed: what may not be done any more is taken back, what waited goes
// on. `reason`: a clause. O(open decisions of the cluster).
void ReviewBursts(Turn& turn, Cluster& cluster, const std::string& reason);

}  // namespace evenkeel::coordinator
