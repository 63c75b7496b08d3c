// How decisions on workloads (kScale, kTakeOver) are carried out; called by carry_out.h for these kinds.
//
// kSetReplicas is done when the answer says that spec.replicas is `to`, or an observation does: then the
// decision closes as succeeded, without waiting for the pods, since the next step may be needed meanwhile. It
// ends as failed when somebody else has set another number (kNotMine; L4: seen, never assumed), and the next
// look plans again from what is then true (L8).
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Opens the decision that PlanScale made, with its guards, notes the change in the scaler's memory, and
// releases it. The record goes with the same batch (L3).
void OpenScale(Turn& turn, Scaler& scaler, Decision plan);

// Not while the cluster is paused, the API is away, or the decision was restored and its workload has not
// been seen since (`must_verify`); scaling in neither while the coordinator is blind.
bool MayReleaseScale(const Cluster& cluster, const OpenDecision& open, const Action& action);

// All actions have ended.
void OnScaleActed(Turn& turn, OpenDecision& open);

// Whether it was done is not known. It is seen by the next WorkloadObserved, or asked again after a pause.
void OnScaleUnreachable(Turn& turn, OpenDecision& open, Action& action);

// The workload was observed while its decision is open: what it shows ends the action, or a restored decision
// goes on or is given up.
void ReviewScale(Turn& turn, Scaler& scaler, OpenDecision& open);

}  // namespace evenkeel::coordinator
