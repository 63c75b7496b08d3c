// Operators' orders: maintenance of nodes, and the pause of all that is done in a cluster. Each is durable
// before it is answered, ends by itself, and leaves a decision as its record.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Replies with the window; one that is there already is given the new end and reason. NOT_FOUND: Kubernetes
// shows no such node. What is under way on the node is carried to its end.
void OnStartMaintenance(Turn& turn, const StartMaintenance& event);
// Replies with the window that was ended, or NOT_FOUND. A node that is still silent is checked from the
// start. A window of a cluster that is not watched any more can be ended too; that leaves no decision.
void OnEndMaintenance(Turn& turn, const EndMaintenance& event);
// Replies with the pauses that now hold, or NOT_FOUND. What has not been done yet freezes.
void OnPauseClusters(Turn& turn, const PauseClusters& event);
// Replies with the pauses that were ended (none: nothing was paused), or NOT_FOUND. What was frozen is judged
// again.
void OnResumeClusters(Turn& turn, const ResumeClusters& event);

// Their time is over.
void OnMaintenanceDue(Turn& turn, const NodeKey& key);
void OnPauseDue(Turn& turn, Cluster& cluster);

// After a start: what was ordered before holds on.
void RestoreOrders(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
