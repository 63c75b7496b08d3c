// A switch as it is remembered across restarts: what was asked, where it stands, what was wished of each
// route and what it has cost so far. Durable with the switch's decision, before anything that follows from it
// is done (L3); so after a crash at any instant it goes on from here (L4).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/gates.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/ledger.h"
#include "coordinator/core/switch/switch_phase.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

enum class SwitchOrigin { kOperator, kLostCluster };

// Why a switch does not go on by itself. It goes on watching, and by an operator's order.
enum class StopCause {
  kOperator,       // paused
  kApproval,       // the next step asks for one
  kGates,          // fail, and the rule is to stop; or could not be told for too long
  kWayBack,        // green fails, and blue is no place to go back to (L10)
  kForeignChange,  // somebody else has changed a route
  kGateway,        // does not answer; what was wished is asked for all the same
  kRefused,        // the gateway says no
  kOutranked,      // another coordinator leads (L7): nothing can be done here
  kLostBlue,       // blue is lost in the midst of it, and the rule is to ask
  kDrain,          // what is still in flight would be cut
};
// "operator", "approval", ...
const char* Word(StopCause cause);

struct SwitchStop {
  StopCause cause = StopCause::kOperator;
  std::string reason;  // a sentence without its full stop
  absl::Time since;
  bool operator==(const SwitchStop&) const = default;
};

enum class SwitchEnd {
  kCommitted,
  kRolledBack,  // blue has everything again
  kRefused,     // by the preflight: nothing was moved
  kObserved,    // the mode observes: nothing was moved
  kCancelled,   // by an operator, before anything was moved
};
// "committed", "rolled_back", ...
const char* Word(SwitchEnd end);

// One route, as it is wished.
struct RouteRecord {
  RouteShape wished;     // the last wish
  bool written = false;  // and it was read back as such, in this epoch
  RouteShape read;       // as it was read when a wish was last confirmed: what the next one goes from
  std::string instance;  // of the gateway, then
  uint32_t heals = 0;    // in the present span of healing
  absl::Time healing_since;
  bool operator==(const RouteRecord&) const = default;
};

struct StepReport {
  uint32_t step = 0;  // index
  absl::Time decided;
  std::optional<absl::Time> moved;  // all routes were read back
  std::optional<absl::Time> ended;
  std::vector<GateAnswer> gates;  // at its end
  bool operator==(const StepReport&) const = default;
};

struct SwitchRecord {
  static constexpr size_t kMostReports = 64;  // the first is left out then; a step may be repeated

  SwitchSpec spec;
  SwitchOrigin origin = SwitchOrigin::kOperator;
  SwitchPhase phase = SwitchPhase::kPreflight;
  absl::Time phase_since;                                // since the coordinator's start, if that is later
  uint32_t step = 0;                                     // index of the present one
  bool approved = false;                                 // the step that follows
  absl::Time step_shown_since = absl::InfiniteFuture();  // its weights were read back: what gates look at
  bool may_hurry = false;  // an operator lets a lost blue's traffic go to green at once
  std::optional<SwitchStop> stop;
  std::map<RouteKey, RouteRecord> routes;  // from the first step on
  std::map<Application, uint32_t> needed;  // Ready pods of blue when the switch began
  std::optional<Baseline> baseline;
  LossLedger ledger;
  std::vector<StepReport> reports;
  absl::Time draining_since = absl::InfiniteFuture();
  absl::Time hold_until = absl::InfiniteFuture();
  bool drained = false;        // proven: nothing was in flight at blue any more
  bool commit_wished = false;  // in the phase committing: the last shape is the wish
  uint64_t may_cut = 0;        // what an operator, or the rule, allowed to be cut
  std::string rollback_reason;
  bool rollback_ordered = false;  // by an operator
  std::optional<SwitchEnd> end;
  std::string outcome;  // a sentence
  bool operator==(const SwitchRecord&) const = default;
};

// A switch has no name of its own for ever: it is kept by its decision.
struct StoredSwitch {
  DecisionId decision;
  SwitchRecord record;
  bool operator==(const StoredSwitch&) const = default;
};

// Something of it has been, or may have been, moved to green.
bool HasMoved(const SwitchRecord& record);

}  // namespace evenkeel::coordinator
