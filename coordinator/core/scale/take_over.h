// How a take-over (kTakeOver) is carried out once it is ordered (scalers.h); called by carry_scale.h for
// decisions of this kind.
//
// The autoscaler is deleted when the scaler could go on in its place, and no sooner: the workload is read,
// and its load is known as well as for scaling in. Else nobody would scale between its deletion and the first
// samples.
#pragma once

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// For so long the load may stay unknown before the order is given up: a virtual kubelet's first samples take
// most of a minute, and nodes' agents may be on their way.
inline constexpr absl::Duration kTakeOverPatience = absl::Minutes(5);

// Deletes the autoscaler, waits (`must_verify`; Scaler.take_over_waits says for what) or gives the order up.
// Called with each look while it waits.
void GoOnTakingOver(Turn& turn, Scaler& scaler, OpenDecision& open);

// Its action has ended.
void EndTakeOver(Turn& turn, OpenDecision& open);

}  // namespace evenkeel::coordinator
