// What follows from the coordinator's own health: the agents' deadlines grow with it, and that is said.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Something of our own was late.
void NoteOwnDelay(Turn& turn, DelaySource source, absl::Duration delay);
void OnOwnDelay(Turn& turn, const OwnDelay& event);

// Quiet time may have eased the patience.
void OnEaseDue(Turn& turn);

}  // namespace evenkeel::coordinator
