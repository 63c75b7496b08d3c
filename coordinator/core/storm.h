// After too many nodes were silent at once, nothing new is begun for the policy's storm_cool_down: what comes
// back after a storm comes back in pieces, and the first calm second proves little.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Too many are silent, or just were. Durable, so that a restart does not end the cool-down.
void NoteStorm(Turn& turn, Cluster& cluster, std::string reason);

}  // namespace evenkeel::coordinator
