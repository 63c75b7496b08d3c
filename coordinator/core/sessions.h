// The agents' sessions: what their beginning, end and silence mean for the node. Events of a session that is
// no longer the node's are of the past and change nothing.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

void OnSessionOpened(Turn& turn, const SessionOpened& event);
void OnSessionClosed(Turn& turn, const SessionClosed& event);
void OnBeatMissed(Turn& turn, const BeatMissed& event);
void OnBeatResumed(Turn& turn, const BeatResumed& event);

// The start's grace is over: nodes whose agent spoke before the start and has not come back are silent (and
// only now).
void OnGraceEnded(Turn& turn, Cluster& cluster);

}  // namespace evenkeel::coordinator
