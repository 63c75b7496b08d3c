// One look of a scaler: sight -> advice -> guards -> decision. Called by its deadline only (look_queue.h), so
// that many events of one moment cost one look.
#pragma once

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// The deadline that LookSoon set has come. While nothing of the workload is seen nothing is advised; while
// its decision is open it is advised and noted, and not planned. Sets the next deadline: the earliest of
//   - kLookEvery from now, while anything may change by time alone: the replicas are not the minimum, the
//     advice is not to stay, more are wanted than may be yet, a panic is on, or a pod is starting, held or
//     missing;
//   - the next minimum by the clock;
//   - the record is to be written (kRecordEvery).
// So an idle scaler costs nothing. What was wanted when it went to rest was wanted all the time that it
// rested: a look after a rest notes that first, as of now, or a window would have forgotten it.
void OnScaleDue(Turn& turn, Scaler& scaler);

// What the arithmetic is told: the scaler's pods with their usage. Pure. `sight` was of another scaler, and
// gives its memory to this one.
void SeeLoads(const Scaler& scaler, ScaleSight& sight);
ScaleSight SightOf(const Scaler& scaler);

// What people are shown, into a status that is empty. Pure.
void Describe(const Cluster& cluster, const Scaler& scaler, absl::Time now, ScalerStatus& status);

}  // namespace evenkeel::coordinator
