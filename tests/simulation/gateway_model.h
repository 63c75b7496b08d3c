// A gateway in front of two clusters: its routes with their weights, what it counts, and the users who send
// requests through it. What its adapter may do with it is in the contract (core/switch/gateway_facts.h); what
// becomes of each request is known here whatever the gateway counts.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/events.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "coordinator/core/switch/preflight.h"
#include "coordinator/core/switch/probe_facts.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

// What stands behind a backend: the pods of a workload.
struct BackendPlace {
  std::string cluster;
  std::string workload;
  auto operator<=>(const BackendPlace&) const = default;  // NOLINT(modernize-use-nullptr): no null in it
};

// A pod of it, as it is.
struct ServerTruth {
  std::string name;
  bool alive = false;  // its process runs, on a machine that runs
};

// How an application answers where its pods are alive.
struct Answering {
  uint32_t fails = 0;  // with 500, of a thousand
  absl::Duration latency = absl::Milliseconds(10);
};

struct Client {
  coordinator::ProbeKind kind = coordinator::ProbeKind::kKeepAlive;
  uint32_t per_minute = 60;  // requests
  absl::Duration length;     // that the answer takes, besides the application's latency
};

// What became of requests.
struct Fates {
  uint64_t sent = 0;
  uint64_t answered = 0;  // well
  // By the application, or because its server died.
  uint64_t errors = 0;
  uint64_t died = 0;
  // By the gateway's shape: there was no backend that gets any; it was cut when its backend was closed.
  uint64_t nobody = 0;
  uint64_t cut = 0;
  bool operator==(const Fates&) const = default;

  uint64_t Lost() const { return errors + died + nobody + cut; }
  Fates& operator+=(const Fates& other);
};

struct ClientFailure {
  absl::Time time;
  std::string backend;  // empty: none
  std::string detail;
};

class GatewayModel {
 public:
  struct Surroundings {
    Schedule& schedule;
    Marks& marks;
    // The servers of a backend, by name.
    std::function<std::vector<ServerTruth>(const BackendPlace&)> servers;
    std::function<Answering(const BackendPlace&)> answering;
    Observer* observer;  // may be null
  };
  GatewayModel(std::string name, const coordinator::GatewayAbilities& abilities, Surroundings surroundings,
               uint64_t seed);

  // ---- set-up ----
  // All goes to `first`.
  void AddRoute(const std::string& route, const std::map<std::string, BackendPlace>& backends,
                const std::string& first);
  // Sends through the route from now on.
  uint64_t AddClient(const std::string& route, const Client& client);
  void RemoveClient(uint64_t id) { clients_.erase(id); }

  // ---- what can happen ----
  // Its control socket does not answer; requests go on.
  void SetAway(bool away) { away_ = away; }
  bool away() const { return away_; }
  // Its adapter says that it has written, and has not.
  void SetLies(bool lies) { lies_ = lies; }
  // A reload keeps what was written, or brings back what the route began with.
  void SetKeeps(bool keeps) { keeps_ = keeps; }
  void Reload();
  // Somebody gives `percent` to the backend and the rest to the other one.
  void SetByHand(const std::string& route, const std::string& backend, uint32_t percent);

  // ---- what its adapter does; only while it is not away ----
  const coordinator::GatewayAbilities& abilities() const { return abilities_; }
  bool Has(const std::string& route) const { return routes_.contains(route); }
  coordinator::RouteReading Read(const std::string& route) const;
  // Why a write with that mark is not made; empty: it may be.
  std::string Outranks(const std::string& route, const coordinator::RouteMark& mark) const;
  // `epoch`: of the process that writes.
  std::pair<coordinator::ActionOutcome, std::string> Write(const coordinator::RouteWish& wish,
                                                           uint64_t epoch);
  std::vector<coordinator::ServerCheck> Check(const std::string& route, const std::string& backend) const;

  // ---- what is true ----
  coordinator::RouteShape Shape(const std::string& route) const;
  // When somebody else than a coordinator last changed the route (a hand, a reload).
  absl::Time Disturbed(const std::string& route) const { return routes_.at(route).disturbed; }
  std::vector<std::string> routes() const;
  // Of all clients that there ever were.
  Fates Total(const std::string& route) const { return routes_.at(route).fates; }
  uint64_t SentTo(const std::string& route, const std::string& backend) const;
  coordinator::ProbeCount CountOf(uint64_t client) const;
  std::vector<ClientFailure> TakeFailures(uint64_t client);

 private:
  struct Flying {
    absl::Time ends;
    std::string server;
    uint64_t client = 0;
    uint64_t instance = 0;  // of the gateway's process that carries it
  };
  struct Backend {
    BackendPlace place;
    coordinator::BackendWish wish;
    coordinator::BackendCounters counters;
    std::map<std::string, absl::Time> alive_at;  // by server: when it last answered a check
    std::vector<std::string> up;                 // as the checks see them
    size_t servers = 0;
    std::vector<Flying> flying;
    int64_t credit = 0;
    size_t turn = 0;
    uint64_t sent = 0;
  };
  struct Route {
    std::map<std::string, Backend> backends;
    std::optional<coordinator::CanaryRule> canary;
    coordinator::RouteShape first;  // what its configuration has
    std::optional<coordinator::RouteMark> mark;
    absl::Time disturbed = absl::InfinitePast();
    uint64_t revision = 1;
    uint64_t requests = 0;  // chosen for
    Fates fates;
  };
  struct Present {
    std::string route;
    Client client;
    uint64_t due = 0;  // in sixty-thousandths of a request
    coordinator::ProbeCount count;
    std::vector<ClientFailure> failures;
  };

  uint64_t InFlight(const Backend& backend) const;
  void Tick();
  void LookAtServers(Backend& backend);
  void End(Route& route, const std::string& name, Backend& backend);
  void Send(Route& route, uint64_t id, Present& client);
  std::pair<const std::string, Backend>* Choose(Route& route);
  void Lose(uint64_t client, const std::string& backend, const std::string& detail);
  void Take(Route& route, const coordinator::RouteShape& shape);
  static coordinator::RouteShape ShapeOf(const Route& route);
  void Tell(const std::string& line);

  const std::string name_;
  const coordinator::GatewayAbilities abilities_;
  const Surroundings around_;
  Dice dice_;
  bool ticks_ = false;
  bool away_ = false;
  bool lies_ = false;
  bool keeps_ = true;
  uint64_t instance_ = 1;
  uint64_t last_client_ = 0;
  std::map<std::string, Route> routes_;
  std::map<uint64_t, Present> clients_;
};

}  // namespace evenkeel::simulation
