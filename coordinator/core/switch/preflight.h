// What a switch finds before anything is moved (L10). Each finding is data: what it is about, how bad it is,
// and a sentence with figures. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/application_facts.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

enum class Severity {
  kNote,     // to be known
  kWarning,  // worth a look; does not hold the switch
  kBlocker,  // nothing is moved
};
// "note", "warning", "blocker".
const char* Word(Severity severity);

enum class FindingCode {
  kCluster,      // unknown, its API away, blind, lost, paused
  kAgents,       // nodes that are not healthy, or without an agent
  kApplication,  // missing in a cluster, too few Ready pods
  kDifference,   // images, config or secrets are not alike
  kHeadroom,     // CPU of green's nodes, by step
  kAnswer,       // a green pod does not answer from the gateway's side
  kGateway,      // unknown, away, not as believed, or not able to do what the steps ask
  kFreeze,
  kConflict,  // another switch has the application or the route
  kProof,     // what cannot be proven with this gateway, and what stands in for it
};
// "cluster", "agents", ...
const char* Word(FindingCode code);

struct Finding {
  FindingCode code = FindingCode::kCluster;
  Severity severity = Severity::kNote;
  std::string subject;  // "shop/web", "cluster west", "edge/web"
  std::string words;    // a sentence without its full stop
  bool operator==(const Finding&) const = default;
};

struct ClusterFacts {
  bool known = false;  // it is watched
  bool api_reachable = false;
  std::string api_detail;
  bool blind = false;
  std::string blind_reason;
  bool lost = false;
  bool paused = false;
  uint32_t nodes = 0;
  uint32_t nodes_healthy = 0;
  uint32_t nodes_without_agent = 0;  // virtual ones not counted
  // Of nodes that pods may come to; what their agents measured. Virtual nodes have no agents: counted apart.
  int64_t cpu_millicores = 0;
  int64_t cpu_used_millicores = 0;
  uint32_t virtual_nodes = 0;
  int64_t virtual_cpu_millicores = 0;
  bool operator==(const ClusterFacts&) const = default;
};

struct ServerCheck {
  std::string server;
  bool tried = false;  // from the gateway's side
  bool answered = false;
  std::string detail;
  bool operator==(const ServerCheck&) const = default;
};

struct RouteFacts {
  bool known = false;  // the coordinator's configuration has the gateway
  std::optional<RouteReading> reading;
  std::string detail;  // why it was not read
  GatewayAbilities abilities;
  std::optional<std::vector<ServerCheck>> checks;  // of green's servers; none: no answer
  bool operator==(const RouteFacts&) const = default;
};

struct PreflightFacts {
  absl::Time now;
  // When the switch was started; none: now. A freeze that holds then is a blocker; one that has begun since
  // is waited for.
  std::optional<absl::Time> began;
  bool of_lost_blue = false;  // a cluster failover: what needs a living blue is not asked
  ClusterFacts blue;
  ClusterFacts green;
  std::map<Application, ApplicationFacts> blue_applications;  // none: not seen
  std::map<Application, ApplicationFacts> green_applications;
  std::map<Application, std::string> blue_missing;  // why one is not seen, where that was told
  std::map<Application, std::string> green_missing;
  std::map<Application, uint32_t> needed;  // Ready pods wanted in green: blue's live ones, or remembered
  std::map<RouteKey, RouteFacts> routes;
  std::set<std::string> conflicts;  // names of switches under way that overlap
  // What answers to the prober call their side and is neither's; empty: none does, or none has answered yet.
  std::string unknown_side;
};

// All that is found, blockers first, else in the order of FindingCode.
std::vector<Finding> Preflight(const SwitchSpec& spec, const PreflightFacts& facts);

bool HasBlocker(const std::vector<Finding>& findings);

// Green's CPU with blue's present load on it, in the share of each step.
struct Forecast {
  uint32_t percent = 0;               // of the traffic
  int64_t load_millicores = 0;        // that comes with it
  uint32_t cpu_percent = 0;           // of green's real nodes, then
  uint32_t with_virtual_percent = 0;  // of all its nodes
  bool operator==(const Forecast&) const = default;
};
std::vector<Forecast> ForecastOf(const SwitchSpec& spec, const PreflightFacts& facts);

}  // namespace evenkeel::coordinator
