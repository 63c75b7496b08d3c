// L5: how a dead node is proven to run nothing any more of what must not run twice, and what agents are told
// so that it can be. DESIGN.md, "Fencing", says what each kind of proof rests on.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Something that a node's settings are made of may have changed: its session, its pods, its peers, the
// policy. Sends them anew if so.
void UpdateFencing(Turn& turn, Node& node);
// The same for every node of the cluster: how often its agents beat has changed.
void UpdateFencing(Turn& turn, Cluster& cluster);
// What its policy says of fencing has changed.
void FencingPolicyChanged(Turn& turn, Cluster& cluster);

// A new session: what its agent follows is not known until it says so.
void FencingSessionOpened(Turn& turn, Node& node);
// Its agent stopped on purpose, and has let go of its watchdog.
void FencingGoodbye(Turn& turn, Node& node);
void OnFencingReported(Turn& turn, const FencingReported& event);

// Kubernetes shows the node for the first time, or another object of its name.
void FencingFactsSeen(Turn& turn, Node& node);

// A pod that must not run twice has come to the node, changed or gone.
void FencingPodChanged(Turn& turn, const std::string& cluster, const std::string& node);

// The node is failed over: begins to wait until its agent must have fenced it, where that can be relied on;
// else the decision says why not.
void SeekProof(Turn& turn, Node& node);

// Pods of the node wait for a proof that may still come by itself.
bool AwaitsProof(Turn& turn, const Node& node);

// The wait is over: the node is judged once more before it is believed.
void OnFenceDue(Turn& turn, Node& node);

// Its address, its agent's port or whether it may vouch at all has changed: those who ask it are told.
void FencingVoucherChanged(Turn& turn, Cluster& cluster, const std::string& voucher);

// Its agent's fence was believed, and is not any more: what peers have promised is asked for again.
void FencingWaitsAgain(Turn& turn, Node& node);

// A sign of life: nothing is proven any more.
void FencingEnds(Turn& turn, Node& node);

// The node object is gone or was replaced.
void FencingForgotten(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
