// The switch that is made of an operator's one when its blue cluster is lost. The same laws, and everything
// at once: there is nothing to be compared with, nothing to drain, and no way back until somebody has looked.
#pragma once

#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// One step to 100 %, a short soak, no freeze and no approval; it is never committed by itself, so that the
// way back stays open, and blue is not closed.
// `ask`: the step waits for approval after all.
SwitchSpec SpecForLostCluster(const SwitchSpec& spec, bool ask = false);

inline constexpr absl::Duration kShortSoak = absl::Seconds(5);

}  // namespace evenkeel::coordinator
