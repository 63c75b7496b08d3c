// What happens to switches, and what they ask for. Each is a member of the core's Event or Request.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/switch/application_facts.h"
#include "coordinator/core/switch/gates.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/core/switch/switch_record.h"

namespace evenkeel::coordinator {

// ---- from gateway/ ----

// A watched route was read. In the order of reading; after a write, what was read back comes before the
// write's ActionFinished.
struct RouteRead {
  RouteKey key;
  RouteReading reading;
  GatewayAbilities abilities;
};
// A watched route cannot be read: its gateway has not answered for a while, or says that there is no such
// route. Told once; the next RouteRead of it ends that. `known`: the coordinator's configuration has such a
// gateway.
struct RouteLost {
  RouteKey key;
  bool known = true;
  std::string detail;
};
// Answer to CheckBackend.
struct BackendChecked {
  uint64_t request_id = 0;
  std::vector<ServerCheck> servers;
};

// ---- from observe/ and usage/ ----

// A watched application, when anything of it has changed.
struct ApplicationObserved {
  std::string cluster;
  Application application;
  ApplicationFacts facts;
};
// It is not there, or cannot be read.
struct ApplicationGone {
  std::string cluster;
  Application application;
  std::string reason;
};

// ---- from the prober and the hooks ----

struct ProbesTold {
  DecisionId decision;
  uint64_t run = 0;  // of the prober's process
  ProbeCounts totals;
  std::vector<ProbeFailure> failures;  // new since the last; at most 64
  // What the header of an answer that names its side said last, and is no side's name; empty: none did.
  std::string unknown_side;
};
// Answer to AskHook. No answer is inconclusive.
struct HookAnswered {
  DecisionId decision;
  std::string hook;
  GateVerdict verdict = GateVerdict::kInconclusive;
  std::string detail;
};

// ---- from operators (serve/) ----

// Answered when the preflight is complete; nothing is remembered of it.
struct PlanSwitch {
  uint64_t request_id = 0;
  SwitchSpec spec;
};
// Answered when its decision is durable; what the preflight finds follows.
struct StartSwitch {
  uint64_t request_id = 0;
  SwitchSpec spec;
};
enum class SwitchOrder { kPause, kResume, kRollBack, kCommit };
struct OrderSwitch {
  uint64_t request_id = 0;
  std::string name;
  // Which one of that name was meant: an order for one that has ended is nothing to one that was started
  // since. None: whichever is under way.
  std::optional<DecisionId> decision;
  SwitchOrder order = SwitchOrder::kPause;
  std::string reason;
  std::optional<uint64_t> may_cut;  // of kResume
  bool onto_unknown = false;        // of kRollBack
};

// ---- requests ----

// To gateway/: read the route now and each `period`; zero: not any more. In place of what was asked before.
struct WatchRoute {
  RouteKey key;
  std::map<std::string, std::vector<std::string>> parts;
  absl::Duration period;
  bool operator==(const WatchRoute&) const = default;
};
struct CheckBackend {
  uint64_t request_id = 0;
  RouteKey key;
  std::string backend;
  uint16_t port = 0;
  std::string path;
  absl::Duration timeout;
};
// To observe/ and usage/: tell of the application, what is there now included.
struct WatchApplication {
  std::string cluster;
  Application application;
};
struct UnwatchApplication {
  std::string cluster;
  Application application;
};
struct AskHook {
  DecisionId decision;
  GateHook hook;
};
// To the prober: send requests of all kinds through the switch's routes, until it ends.
struct StartProber {
  DecisionId decision;
  SwitchSpec spec;
};
struct StopProber {
  DecisionId decision;
};
using SwitchRequest = std::variant<WatchRoute, CheckBackend, WatchApplication, UnwatchApplication, AskHook,
                                   StartProber, StopProber>;

// ---- replies and notices ----

struct SwitchReply {
  uint64_t request_id = 0;
  absl::Status status;
  std::optional<DecisionId> decision;
  std::vector<Finding> findings;    // of a plan
  std::vector<Forecast> forecasts;  // of a plan
};

// What people are shown of a switch that is under way.
struct SwitchStatus {
  DecisionId decision;
  SwitchRecord record;
  std::vector<GateAnswer> gates;
  std::string waits_for;
  std::vector<Finding> findings;
  std::map<RouteKey, RouteReading> routes;  // as they were read last
  bool operator==(const SwitchStatus&) const = default;
};

}  // namespace evenkeel::coordinator
