// How a switch goes on: of its record and of what is seen, what is to be wished of the gateways now. Pure;
// the caller makes the record durable before anything that is wished is written (L3).
//
//   preflight -> moving -> soaking -> moving ... -> soaking -> draining -> holding -> committing -> committed
//                   |         |                        |          |
//                   +---------+------ rolling back ----+----------+-> rolled back
//
// At every point it may stop: then nothing is given to green any more, and it goes on watching.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/core/switch/gates.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/side_health.h"
#include "coordinator/core/switch/switch_record.h"

namespace evenkeel::coordinator {

// How far the last wish of a route has come.
enum class WriteState {
  kNone,       // nothing is under way
  kUnderWay,   // handed out, or about to be asked again
  kBlocked,    // the route was not as it was expected to be
  kRefused,    // the gateway says no
  kOutranked,  // a greater mark is there
};

struct RouteSight {
  // None: not read yet, or the gateway does not answer.
  std::optional<RouteReading> reading;
  bool checks_servers = false;  // its gateway does
  // What was answered is shown to one look only; then it is kNone again.
  WriteState write = WriteState::kNone;
  std::optional<RouteShape> under_way;             // what is being written; another wish takes its place
  std::string detail;                              // of the write that failed, or of why it is not read
  absl::Time away_since = absl::InfiniteFuture();  // it neither is read nor takes a wish
};

struct SwitchSight {
  absl::Time now;
  std::map<RouteKey, RouteSight> routes;  // each of the switch
  SideSight blue;
  SideSight green;
  std::map<std::string, HookAnswer> hooks;
  // Complete: all that the preflight asked has been answered, or will not be.
  std::optional<std::vector<Finding>> findings;
  std::string held;  // why nothing may be begun (a pause of a cluster); empty: it may
};

// What is known beyond the record; forgotten with the process.
struct SwitchMemory {
  RecentTraffic recent;
  BadSince bad_since;
  std::vector<GateAnswer> gates;            // the last answers
  std::optional<absl::Time> empty_since;    // nothing is in flight at blue
  std::optional<absl::Time> failing_since;  // green fails
  // The soak or the hold is over, and the gates cannot tell.
  std::optional<absl::Time> untold_since;
  bool restored = false;  // the routes are to be read back after a start of the coordinator
  // That start. What blue did just before it is told by the ledger alone.
  absl::Time restored_at = absl::InfinitePast();
  // Routes of which an earlier wish had no answer: it may be written in whole, in part, or not at all. Until
  // the next wish has been written there is no shape that it could go from.
  std::set<RouteKey> in_doubt;
  std::string waits_for;  // a clause; empty: for nothing beyond its gates
  bool operator==(const SwitchMemory&) const = default;
};

struct WishToWrite {
  RouteKey key;
  RouteShape shape;
  std::optional<RouteShape> only_from;
  uint64_t may_cut = 0;
  bool operator==(const WishToWrite&) const = default;
};

struct SwitchMoves {
  std::vector<WishToWrite> wishes;
  bool changed = false;               // the record did
  std::vector<std::string> happened;  // sentences without full stops, for the decision's evidence
};

// A gateway that is away for longer stops the switch; what was wished is asked for all the same.
inline constexpr absl::Duration kGatewayPatience = absl::Seconds(10);
// As often in kHealSpan another's changes are healed; then it is a quarrel, and people must look.
inline constexpr uint32_t kMostHeals = 5;
inline constexpr absl::Duration kHealSpan = absl::Minutes(10);
// Nothing may be in flight at blue for so long before it counts as drained: a request is not counted by the
// gateway at the very instant at which it was sent.
inline constexpr absl::Duration kEmptyFor = absl::Milliseconds(500);

// So long the first step waits for what green has in flight from before. Longer ones, as WebSockets, have
// sent the head of their answer, which is what counts as its time.
inline constexpr absl::Duration kEarlierPatience = absl::Seconds(10);

// It has stopped so that nothing at all is written, neither anew nor once more: people are to decide.
bool IsFrozen(const SwitchRecord& record);

SwitchMoves Advance(SwitchRecord& record, SwitchMemory& memory, const SwitchSight& sight);

// A wish was written and read back.
void NoteWritten(SwitchRecord& record, const RouteKey& key, const RouteReading& reading);

// After a start of the coordinator (L4): every wish is read back, or written again, in the new epoch, before
// the switch goes on; a soak begins again.
void RestoreSwitch(SwitchRecord& record, SwitchMemory& memory, absl::Time now);

}  // namespace evenkeel::coordinator
