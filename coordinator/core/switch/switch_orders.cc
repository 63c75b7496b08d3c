#include "coordinator/core/switch/switch_orders.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/shapes.h"
#include "coordinator/core/switch/transitions.h"

namespace evenkeel::coordinator {
namespace {

template <typename... Parts>
absl::Status Not(const Parts&... parts) {
  return absl::FailedPreconditionError(absl::StrCat(parts...));
}

// What may be ordered of no switch: empty where it may.
std::string Beyond(const SwitchRecord& record) {
  return record.phase == SwitchPhase::kEnded ? "the switch has ended" : "";
}

// L7: as its routes are another coordinator's by now.
bool IsOutranked(const SwitchRecord& record) {
  return record.stop && record.stop->cause == StopCause::kOutranked;
}

// Every route is as a switch begins.
bool IsOnBlue(const SwitchRecord& record, const SwitchSight& sight) {
  return std::all_of(record.spec.routes.begin(), record.spec.routes.end(), [&sight](const auto& route) {
    const auto& reading = sight.routes.at(route.key).reading;
    if (!reading || !reading->backends.contains(route.green)) return false;
    RouteReading open = *reading;
    open.backends.at(route.green).mode = BackendMode::kDraining;  // serving nobody is as good
    return IsShaped(route, open, ShapeOnBlue(route));
  });
}

// The operator has seen what the routes show, and goes on from there.
void TakeAsSeen(SwitchRecord& record, const SwitchSight& sight) {
  for (const SwitchedRoute& route : record.spec.routes) {
    const auto known = record.routes.find(route.key);
    const auto& reading = sight.routes.at(route.key).reading;
    if (known == record.routes.end() || !reading) continue;
    if (!known->second.written || !IsShaped(route, *reading, known->second.wished)) {
      known->second.read = ShapeOf(*reading);
      known->second.written = false;
      known->second.heals = 0;
      if (record.phase == SwitchPhase::kSoaking) record.phase_since = sight.now;
    }
  }
}

absl::Status AllowCut(SwitchRecord& record, const SideReading& blue, std::optional<uint64_t> may_cut) {
  if (!may_cut && blue.seen && blue.in_flight_known && blue.in_flight == 0) may_cut = 0;
  if (!may_cut) {
    return Not(record.stop->reason, ": say how many may be cut, wait, or roll back");
  }
  if (!blue.seen || !blue.in_flight_known) {
    return Not("how many requests closing blue would cut is not known: the gateway does not tell");
  }
  if (blue.in_flight > *may_cut) {
    return Not(Count(blue.in_flight, "request"), blue.in_flight == 1 ? " is" : " are",
               " in flight at blue by now, more than the ", *may_cut, " that may be cut");
  }
  record.may_cut = *may_cut;
  return absl::OkStatus();
}

}  // namespace

absl::Status PauseSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                         const std::string& reason, SwitchMoves& moves) {
  if (const std::string beyond = Beyond(record); !beyond.empty()) return Not(beyond);
  if (record.phase == SwitchPhase::kRollingBack) return Not("it is being rolled back");
  if (record.phase == SwitchPhase::kCommitting) return Not("it is being committed");
  // A stop that ends by itself is no pause; what was wished is asked for in both.
  if (record.stop && record.stop->cause != StopCause::kGateway) {
    return Not("it has stopped already: ", record.stop->reason);
  }
  Transitions{record, memory, sight, moves}.Stop(StopCause::kOperator,
                                                 absl::StrCat("an operator has paused it", Because(reason)));
  return absl::OkStatus();
}

absl::Status ResumeSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                          std::optional<uint64_t> may_cut, SwitchMoves& moves) {
  if (const std::string beyond = Beyond(record); !beyond.empty()) return Not(beyond);
  if (!record.stop) return Not("it has not stopped");
  Transitions at{record, memory, sight, moves};
  switch (record.stop->cause) {
    case StopCause::kDrain:
      if (absl::Status allowed = AllowCut(record, at.Reading(Side::kBlue), may_cut); !allowed.ok()) {
        return allowed;
      }
      at.Happened(record.may_cut == 0
                      ? "An operator lets it go on"
                      : absl::StrCat("An operator lets up to ", record.may_cut, " requests be cut"));
      break;
    case StopCause::kApproval:
      record.approved = true;
      at.Happened("An operator has approved the next step");
      break;
    case StopCause::kForeignChange:
    case StopCause::kRefused:
      TakeAsSeen(record, sight);
      at.Happened("An operator lets it go on from what the routes show");
      break;
    case StopCause::kGates:
    case StopCause::kWayBack:
      // What it failed by, or could not show, is counted no more: else an operator could not let it go on
      // until what has been well since then outweighs that.
      if (record.phase != SwitchPhase::kRollingBack) at.RepeatStep();
      if (record.phase == SwitchPhase::kHolding) record.hold_until = std::max(record.hold_until, sight.now);
      at.Happened("An operator lets it go on");
      break;
    case StopCause::kLostBlue:
      record.may_hurry = sight.blue.lost;
      at.Happened(record.may_hurry ? "An operator lets green have everything"
                                   : "Blue is back: an operator lets it go on in its steps");
      break;
    case StopCause::kOperator:
    case StopCause::kGateway:
      at.Happened("An operator lets it go on");
      break;
    case StopCause::kOutranked:
      // L7 is the gateway's to hold: where the greater mark is still there, it refuses and this stops again.
      at.Happened("An operator says that no other coordinator leads any more, and lets it go on");
      break;
  }
  record.stop.reset();
  moves.changed = true;
  return absl::OkStatus();
}

absl::Status RollBackSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                            const std::string& reason, bool onto_unknown, SwitchMoves& moves) {
  if (const std::string beyond = Beyond(record); !beyond.empty()) return Not(beyond);
  Transitions at{record, memory, sight, moves};
  if (!HasMoved(record)) {
    at.End(SwitchEnd::kCancelled, "An operator ended it before anything was moved");
    return absl::OkStatus();
  }
  if (IsOutranked(record) && IsOnBlue(record, sight)) {
    at.End(SwitchEnd::kCancelled,
           "An operator has given it up here: another coordinator has its routes, and blue has all traffic");
    return absl::OkStatus();
  }
  const HealthAnswer back = at.WayBack(true);
  if (back.health == Health::kUnhealthy) {
    return Not("blue is no place to go back to: ", back.reason);
  }
  if (back.health == Health::kUnknown && !onto_unknown) {
    return Not("whether blue is healthy is not known: ", back.reason,
               "; confirm that traffic shall go there all the same");
  }
  if (record.phase == SwitchPhase::kRollingBack && !record.stop) return absl::OkStatus();
  at.BeginRollback(absl::StrCat("an operator has ordered it", Because(reason)), true);
  return absl::OkStatus();
}

absl::Status CommitSwitch(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight,
                          SwitchMoves& moves) {
  if (const std::string beyond = Beyond(record); !beyond.empty()) return Not(beyond);
  if (record.phase == SwitchPhase::kCommitting) return absl::OkStatus();
  if (record.phase != SwitchPhase::kHolding) {
    return Not("it is ", Word(record.phase), ": only a switch whose way back is held open can be committed");
  }
  if (record.stop) return Not("it has stopped: ", record.stop->reason, "; resume it first, or roll back");
  const std::string failed = Reasons(memory.gates, GateVerdict::kFail);
  if (!failed.empty()) return Not("green fails: ", failed);
  Transitions{record, memory, sight, moves}.BeginCommit();
  return absl::OkStatus();
}

}  // namespace evenkeel::coordinator
