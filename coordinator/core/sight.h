// L2: before judging others, the coordinator doubts itself. While any cause holds, a cluster's sight is
// BLIND: nobody is judged dead, nothing is released, and what was asked before or during it never counts
// towards death.
//
// Causes: the coordinator has just started; the Kubernetes API is away or its watch stale (L8); the core was
// called late (a paused process, a starved machine); more nodes are silent at once than may be failed over.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// A step this much after its deadline is a stall.
inline constexpr absl::Duration kStallAfter = absl::Milliseconds(500);
// After Kubernetes' first complete list, agents have this long to come back to a coordinator that started.
inline constexpr absl::Duration kStartGrace = absl::Seconds(5);

// After a mass silence, of the cluster or of a failure domain, agents that were not heard in it have this
// long to open a session again before their silence is held against them: longer than the longest pause of
// their attempts (3 s).
inline constexpr absl::Duration kReturnGrace = absl::Seconds(5);

// More nodes are silent at once, without an explanation, than may be out of service.
bool MassSilence(const Cluster& cluster);

// How long a stall suspends verdicts: long enough for every living agent's beats to be heard again.
absl::Duration StallHold(absl::Duration suspect_after);

// The core was called `late` after its deadline.
void OnStall(Turn& turn, absl::Duration late);

// Judges the sight anew from its causes, says so when it changes, and keeps the record of the episode. When
// sight is regained every silent node is checked from the start.
void UpdateSight(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
