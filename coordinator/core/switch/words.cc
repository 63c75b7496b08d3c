#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/core/switch/switch_phase.h"

namespace evenkeel::coordinator {

const char* Word(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kFresh:
      return "fresh";
    case ProbeKind::kKeepAlive:
      return "keepalive";
    case ProbeKind::kSlow:
      return "slow";
    case ProbeKind::kStream:
      return "stream";
  }
  return "fresh";
}

const char* Word(SwitchPhase phase) {
  switch (phase) {
    case SwitchPhase::kPreflight:
      return "preflight";
    case SwitchPhase::kMoving:
      return "moving";
    case SwitchPhase::kSoaking:
      return "soaking";
    case SwitchPhase::kDraining:
      return "draining";
    case SwitchPhase::kHolding:
      return "holding";
    case SwitchPhase::kCommitting:
      return "committing";
    case SwitchPhase::kRollingBack:
      return "rolling_back";
    case SwitchPhase::kEnded:
      return "ended";
  }
  return "ended";
}

}  // namespace evenkeel::coordinator
