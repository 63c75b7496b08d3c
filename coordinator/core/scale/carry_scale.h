// How decisions on workloads (kScale, kTakeOver) are carried out; called by carry_out.h for these kinds.
//
// kSetReplicas is done when the answer says that spec.replicas is `to`, or an observation does: then the
// decision closes as succeeded, without waiting for the pods, since the next step may be needed meanwhile. It
// ends as failed when somebody else has set another number (kNotMine; L4: seen, never assumed), and the next
// look plans again from what is then true (L8).
#pragma once

#include <string>

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// What was planned longer ago than this is not begun or asked again: the load may be another by now (L8).
inline constexpr absl::Duration kPlanHolds = absl::Seconds(30);

// It is about a workload and carried out here.
bool IsOnWorkload(const Decision& decision);

// Opens the decision that PlanScale made, with its guards, notes the change in the scaler's memory, and
// releases it. The record goes with the same batch (L3).
void OpenScale(Turn& turn, Scaler& scaler, Decision plan);

// Not while the cluster is paused, the API is away, or the workload has not been seen since the decision was
// restored or, of a take-over, opened (`must_verify`); scaling in neither while the coordinator is blind.
bool MayReleaseScale(const Cluster& cluster, const OpenDecision& open, const Action& action);

// All actions have ended.
void OnScaleActed(Turn& turn, OpenDecision& open);

// Whether it was done is not known. It is seen by the next WorkloadObserved, or asked again after a pause.
void OnScaleUnreachable(Turn& turn, OpenDecision& open, Action& action);

// It was taken back before anything was sent. A change of replicas is planned anew when it may be done again
// (L8); a take-over, which an operator ordered, waits.
void OnScaleWithdrawn(Turn& turn, OpenDecision& open);

// A pause before it is asked again is over, or what kept it waiting is: it goes on, or is given up where it
// was planned too long ago.
void CarryOnScale(Turn& turn, OpenDecision& open);

// The workload was observed while its decision is open: what it shows ends the action, or a restored decision
// goes on or is given up. A take-over that waits for the workload goes on, or is given up where nobody would
// scale it in the autoscaler's place (take_over.h).
void ReviewScale(Turn& turn, Scaler& scaler, OpenDecision& open);

// The workload is not there, or cannot be read: a take-over that waits for it is given up. A change of
// replicas is given up where there is no workload any more; one that is only unseen is kept until it is seen
// (L8).
void LoseWorkload(Turn& turn, const Scaler& scaler, OpenDecision& open);

// After a start (L4): it waits until its workload is seen.
void RestoreScale(Turn& turn, Cluster& cluster, OpenDecision& open);

// Nothing more is done of it; what was handed out is not waited for. `why`: a sentence without its full stop.
void CancelScale(Turn& turn, OpenDecision& open, const std::string& why);

// The cluster's sight or its API has changed (L2, L8): what may not be done any more is taken back, what
// waited goes on, and every scaler looks again. `reason`: a clause. O(scalers of the cluster).
void ReviewScalers(Turn& turn, Cluster& cluster, const std::string& reason);

}  // namespace evenkeel::coordinator
