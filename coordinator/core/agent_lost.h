// L1: an agent that is gone while its node lives is no reason to touch the node. It is recorded, shown, and
// left alone.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// A goodbye announces a silence (an upgrade, a roll-out); one that lasts longer than this is worth a record
// too.
inline constexpr absl::Duration kGoodbyeGrace = absl::Seconds(60);

// A round found the node alive. Once per episode of silence this makes a decision that is closed at once:
// there is nothing to carry out, and a node's one open decision (L3) stays free for what may follow. An
// episode ends when the agent speaks again, or with the coordinator.
void RecordAgentLost(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
