// Where a switch stands.
#pragma once

namespace evenkeel::coordinator {

enum class SwitchPhase {
  kPreflight,    // nothing has been moved
  kMoving,       // the step's weights are written and read back
  kSoaking,      // the step shows itself, behind its gates
  kDraining,     // green has everything; what blue still has in flight ends
  kHolding,      // green has everything; the way back stays open
  kCommitting,   // the way back is being closed
  kRollingBack,  // blue is being given everything back
  kEnded,
};

// "preflight", "moving", ...
const char* Word(SwitchPhase phase);

}  // namespace evenkeel::coordinator
