// Carries out what decisions hold: stage by stage, each action's mark durable before it is handed out (L3),
// each answer recorded.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Hands out the actions of the first stage that has not ended, unless something speaks against it: blindness
// or an API that is away (L2, L8), a node that has to be judged again first (L4), a node that lives (L1).
void ReleaseNext(Turn& turn, OpenDecision& open);

// After actions have ended: hands out the next, or, when none is left, goes on with what the decision's kind
// does then.
void Advance(Turn& turn, OpenDecision& open);

// L2, L8: nothing more is done for now of the open decisions on the nodes that `concerns` picks, and what was
// handed out and not sent is taken back; `reason` is a clause.
void Freeze(Turn& turn, Cluster& cluster, const std::string& reason,
            absl::FunctionRef<bool(const Node&)> concerns);

// What kept the cluster's open decisions waiting (the API, a pause) is over: what waited for that alone goes
// on.
void CarryOn(Turn& turn, Cluster& cluster);

void OnActionFinished(Turn& turn, const ActionFinished& event);

// The pause before what was blocked or unreachable is asked again is over.
void OnRetryDue(Turn& turn, OpenDecision& open);

// A pod that the decision watches has changed.
void OnWatchedPod(Turn& turn, OpenDecision& open);

// The decision has been open for as long as it may be.
void OnDecisionTimeout(Turn& turn, OpenDecision& open);

// The pauses between tries of one action: 1 s, doubling, at most 30 s.
absl::Duration NextPause(absl::Duration last);

}  // namespace evenkeel::coordinator
