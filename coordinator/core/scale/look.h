// One look of a scaler: sight -> advice -> guards -> decision. Called by its timer kScale only, so that many
// events of one moment cost one look.
#pragma once

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// The deadline that LookSoon set has come. While nothing of the workload is seen, or its decision is open,
// nothing is advised; the memory goes on. Sets the next deadline: the earliest of
//   - kLookEvery from now, while the advice is not to stay, a panic is on, or a pod's usage is changing;
//   - the next minimum by the clock, the end of a panic, the front of a window, the end of a rate's period;
//   - the record is to be written (kRecordEvery).
// So an idle scaler costs nothing.
void OnScaleDue(Turn& turn, Scaler& scaler);

// What the arithmetic is told: the scaler's pods with their usage. Pure.
ScaleSight SightOf(const Scaler& scaler);

// What people are shown. Pure.
ScalerStatus StatusOf(const Cluster& cluster, const Scaler& scaler, absl::Time now);

}  // namespace evenkeel::coordinator
