// What an operator asks of a switch, with every default filled in. serve/ makes it of what was written;
// check_spec.h says what is wrong with it. See SwitchSpec in proto/evenkeel/v1/switch.proto.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/freeze.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/side.h"

namespace evenkeel::coordinator {

// What is switched: the pods behind a Service, by its name or by labels. The same in both clusters.
struct Application {
  std::string name_space;
  std::string service;                                   // empty: by `selector`
  std::string selector;                                  // "app=web,tier=front"; empty: by `service`
  auto operator<=>(const Application&) const = default;  // NOLINT(modernize-use-nullptr): no null in it

  // "shop/web", "shop/app=web".
  std::string ToString() const;
};

// A route of a gateway, and which of its backends is which side.
struct SwitchedRoute {
  RouteKey key;
  std::string blue;
  std::string green;
  // The servers of each backend, in the words of that kind of gateway; empty: as the gateway has them.
  std::map<std::string, std::vector<std::string>> parts;
  // Where a green server is asked before it gets any traffic; empty path: a connection is enough.
  uint16_t check_port = 0;  // 0: the one that the gateway sends requests to
  std::string check_path;
  bool operator==(const SwitchedRoute&) const = default;

  const std::string& Of(Side side) const { return side == Side::kBlue ? blue : green; }
};

struct HeaderMatch {
  std::string header;  // name, lower case
  std::string value;
  bool operator==(const HeaderMatch&) const = default;
};

// So many percent of what is new go to green, until the step has shown itself.
struct SwitchStep {
  uint32_t percent = 0;               // 0-100, rising from step to step; 0 only with `canary`
  std::optional<HeaderMatch> canary;  // these requests go to green, beside the percentage
  absl::Duration soak = absl::Seconds(30);
  uint64_t min_requests = 100;  // that green must have answered in this step
  bool approve = false;         // an operator lets the step begin
  bool operator==(const SwitchStep&) const = default;
};

// A URL that is asked during each soak: 200 with a body that begins with "pass" is pass, "fail" is fail,
// everything else inconclusive.
struct GateHook {
  std::string name;
  std::string url;
  absl::Duration timeout = absl::Seconds(2);
  absl::Duration period = absl::Seconds(5);
  bool operator==(const GateHook&) const = default;
};

struct GateRules {
  uint32_t max_error_permille = 10;                       // of green's answers, whatever blue's are
  uint32_t max_excess_permille = 5;                       // of green's answers over blue's
  uint64_t min_failures = 3;                              // fewer never fail the gate
  uint32_t max_latency_percent = 200;                     // of blue's mean
  absl::Duration latency_slack = absl::Milliseconds(20);  // less than this over blue's never matters
  absl::Duration bad_for = absl::Seconds(1);              // latency and health must be bad for so long
  uint64_t max_probe_failures = 0;
  uint64_t min_probes = 10;  // of the built-in prober, where there is one, in each step
  std::vector<GateHook> hooks;
  absl::Duration patience = absl::Minutes(2);  // after the soak; then what is inconclusive stops the switch
  bool operator==(const GateRules&) const = default;
};

// The clients that go through the gateway during the whole switch. Without a URL there are none.
struct ProberSpec {
  std::string url;           // of the gateway, as users reach it; http or https
  std::string slow_path;     // answers after seconds; empty: no slow requests
  std::string stream_path;   // answers for as long as it is read; empty: no streams
  uint32_t per_second = 20;  // requests of each kind that is quick, 1-1000
  std::string side_header;   // of the answers: names the backend that gave them; empty: not known
  bool operator==(const ProberSpec&) const = default;
};

enum class AtDrainDeadline {
  kAsk,    // stop and show what would be cut
  kLeave,  // go on; blue stays open, and what is in flight goes on
  kCut,    // only where blue is to be closed: what was counted is cut, and no more
};
struct DrainRules {
  absl::Duration deadline = absl::Minutes(1);
  AtDrainDeadline at_deadline = AtDrainDeadline::kAsk;
  bool operator==(const DrainRules&) const = default;
};

struct HoldRules {
  absl::Duration length = absl::Minutes(10);  // the way back stays open for so long
  bool commit_by_itself = true;               // at its end; else it waits for an operator
  bool close_blue = false;                    // with the commit, by the gateway
  bool operator==(const HoldRules&) const = default;
};

enum class OnFailedGate { kRollBack, kStop };
enum class OnForeignChange { kStop, kHeal };
enum class OnLostBlue {
  kAsk,
  kFinish,  // green gets everything at once, if it is well
};
enum class SwitchMode { kObserve, kEnforce };

struct SwitchSpec {
  std::string name;  // of the switch: one that is under way is found by it
  std::string from;  // cluster: blue
  std::string to;    // cluster: green
  std::vector<Application> applications;
  std::vector<SwitchedRoute> routes;
  std::vector<SwitchStep> steps;
  GateRules gates;
  ProberSpec prober;
  DrainRules drain;
  HoldRules hold;
  OnFailedGate on_failed_gate = OnFailedGate::kRollBack;
  OnForeignChange on_foreign_change = OnForeignChange::kStop;
  OnForeignChange on_reload = OnForeignChange::kHeal;  // the gateway was reloaded and lost the shape
  OnLostBlue on_lost_blue = OnLostBlue::kAsk;          // while the switch is under way
  std::vector<FreezeWindow> freezes;
  uint32_t max_cpu_percent = 80;   // of green's nodes, with blue's load on them
  bool allow_differences = false;  // images, config and secrets that differ are no blockers
  SwitchMode mode = SwitchMode::kObserve;
  bool operator==(const SwitchSpec&) const = default;
};

}  // namespace evenkeel::coordinator
