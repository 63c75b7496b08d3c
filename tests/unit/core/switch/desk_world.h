// The room of switches in a small world: coordinators that crash, pause and take over from each other, a
// store that only the latest may write, gateways with every fault that one can think of, clusters that fall
// ill. The test decides what happens; the world checks the laws at each step.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/switch/shapes.h"
#include "coordinator/core/switch/switch_desk.h"
#include "coordinator/core/switch/switch_sight.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {

// What the store holds; durable.
struct DeskStore {
  struct Kept {
    SwitchRecord record;
    uint32_t actions = 0;
    bool open = true;
    std::vector<std::string> evidence;
  };
  uint64_t epoch = 0;
  std::map<DecisionId, Kept> decisions;
};

// One gateway's route, with its own memory of who wrote last.
struct ModelRoute {
  RouteReading reading;
  RouteShape file;  // what a reload brings back
  uint64_t marks_lost = 0;
};

class DeskWorld;

// One life of a coordinator's process.
class DeskCoordinator : public SwitchHost {
 public:
  DeskCoordinator(DeskWorld& world, uint64_t epoch) : world_(world), epoch_(epoch) {}

  absl::Time Now() const override;
  uint64_t Epoch() const override { return epoch_; }
  ClusterFacts FactsOf(const std::string& cluster) const override;
  std::vector<BadNode> BadNodes(const std::string& cluster,
                                const std::map<std::string, uint32_t>&) const override;

  DecisionId Open(const SwitchRecord&) override { return {epoch_, ++decisions_}; }
  void Happened(const DecisionId& decision, const std::string& sentence) override {
    evidence_[decision].push_back(sentence);
  }
  void Write(const DecisionId& decision, const SwitchRecord& record) override { writes_[decision] = record; }
  void Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) override {
    released_.push_back({decision, number, wish});
  }
  void Close(const DecisionId& decision, const SwitchRecord& record) override {
    writes_[decision] = record;
    closed_.insert(decision);
  }
  void Ask(SwitchRequest request) override { requests_.push_back(std::move(request)); }
  void Answer(SwitchReply reply) override { replies_.push_back(std::move(reply)); }
  void Changed(const std::string&) override {}
  void WakeAt(const std::string& name, absl::Time time) override { timers[name] = time; }

  // Runs one event, and then does with the effects what the core's host does: durable first. False: the store
  // belongs to another by now, and the process stops.
  bool Step(const std::function<void(SwitchDesk&, SwitchHost&)>& event);

  SwitchDesk desk;
  std::map<std::string, absl::Time> timers;
  std::map<RouteKey, std::pair<WatchRoute, absl::Time>> watches;  // and when it is read next
  std::set<RouteKey> told_lost;
  std::set<std::pair<std::string, Application>> applications;
  std::set<DecisionId> probers;
  std::vector<SwitchReply> replies;

 private:
  struct Released {
    DecisionId decision;
    uint32_t number = 0;
    RouteWish wish;
  };

  DeskWorld& world_;
  uint64_t epoch_;
  uint64_t decisions_ = 0;
  std::map<DecisionId, SwitchRecord> writes_;
  std::map<DecisionId, std::vector<std::string>> evidence_;
  std::set<DecisionId> closed_;
  std::vector<Released> released_;
  std::vector<SwitchRequest> requests_;
  std::vector<SwitchReply> replies_;
};

class DeskWorld {
 public:
  explicit DeskWorld(const std::vector<SwitchSpec>& specs) {
    for (const SwitchSpec& spec : specs) {
      for (const SwitchedRoute& route : spec.routes) {
        ModelRoute& model = routes[route.key];
        model.reading = AReading(0);
        model.file = ShapeOf(model.reading);
      }
      for (const Application& application : spec.applications) {
        for (const std::string& cluster : {spec.from, spec.to}) {
          ApplicationFacts& facts = applications[{cluster, application}];
          facts.pods = facts.ready = 3;
          facts.cpu_known = true;
          facts.cpu_millicores = 300;
        }
      }
      for (const std::string& cluster : {spec.from, spec.to}) {
        ClusterFacts& facts = clusters[cluster];
        facts.known = facts.api_reachable = true;
        facts.nodes = facts.nodes_healthy = 3;
        facts.cpu_millicores = 6000;
      }
    }
    abilities.weights = abilities.counts_in_flight = abilities.counts_requests = abilities.checks_servers =
        abilities.fences = true;
    StartCoordinator();
  }

  // ---- coordinators ----

  DeskCoordinator& Leader() { return *coordinators.back(); }
  // Another process, with a greater epoch; those before it do not know of it yet.
  void StartCoordinator() {
    auto fresh = std::make_unique<DeskCoordinator>(*this, ++store.epoch);
    std::vector<std::pair<DecisionId, DeskStore::Kept>> open;
    for (const auto& [id, kept] : store.decisions) {
      if (kept.open) open.emplace_back(id, kept);
    }
    coordinators.push_back(std::move(fresh));
    for (const auto& [id, kept] : open) {
      Leader().Step([&](SwitchDesk& desk, SwitchHost& host) {
        RestoreOnDesk(desk, host, id, kept.actions, kept.record);
      });
    }
  }
  void Crash() {
    coordinators.pop_back();
    StartCoordinator();
  }

  void Start(const SwitchSpec& spec) {
    Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnStartSwitch(desk, host, {1, spec}); });
  }
  absl::Status Order(const std::string& name, SwitchOrder order) {
    OrderSwitch event;
    event.request_id = 2;
    event.name = name;
    event.order = order;
    Leader().replies.clear();
    if (!Leader().Step([&](SwitchDesk& desk, SwitchHost& host) { OnOrderSwitch(desk, host, event); })) {
      return absl::AbortedError("it stopped");
    }
    return Leader().replies.empty() ? absl::UnknownError("no answer") : Leader().replies.back().status;
  }

  // ---- time ----

  static constexpr absl::Duration kTick = absl::Milliseconds(50);
  void Pass(absl::Duration by) {
    for (const absl::Time end = now + by; now < end;) Tick();
  }
  void Tick() {
    now += kTick;
    Serve();
    for (size_t i = 0; i < coordinators.size(); ++i) {
      if (paused_until.contains(coordinators[i].get()) && now < paused_until[coordinators[i].get()]) continue;
      if (!Run(*coordinators[i])) {
        // It could not write: the process stops.
        EXPECT_LT(i + 1, coordinators.size()) << "the leader lost its own store";
        coordinators.erase(coordinators.begin() + static_cast<std::ptrdiff_t>(i));
        --i;
      }
    }
  }

  // An answer on its way to a coordinator; dropped when that is gone.
  void Deliver(const DeskCoordinator* to, absl::Duration after,
               std::function<void(SwitchDesk&, SwitchHost&)> event) {
    mail.push_back({now + after, sequence++, to, std::move(event)});
  }

  // ---- gateways ----

  // What an adapter does with a wish (contract: gateway_facts.h).
  std::pair<ActionOutcome, std::string> WriteRoute(const RouteWish& wish) {
    if (away.contains(wish.key.gateway)) return {ActionOutcome::kUnreachable, "away"};
    ModelRoute& route = routes.at(wish.key);
    if (route.reading.mark) {
      const RouteMark& mark = *route.reading.mark;
      const bool greater =
          std::pair(mark.epoch, mark.version) > std::pair(wish.mark.epoch, wish.mark.version);
      if (greater) return {ActionOutcome::kNotMine, absl::StrCat("mark ", mark.epoch, "-", mark.version)};
    }
    const RouteShape found = ShapeOf(route.reading);
    if (wish.only_from && found != *wish.only_from && found != wish.shape) {
      return {ActionOutcome::kBlocked, "it is not as expected"};
    }
    uint32_t sum = 0;
    for (const auto& [name, backend] : wish.shape.backends) {
      sum += backend.percent;
      BackendReading& now_there = route.reading.backends.at(name);
      if (backend.mode != BackendMode::kClosed) continue;
      if (now_there.in_flight.value_or(0) > wish.may_cut) return {ActionOutcome::kBlocked, "in flight"};
      if (now_there.in_flight.value_or(0) > 0) {
        cut += *now_there.in_flight;
        now_there.counters->cut += *now_there.in_flight;
        in_flight[{wish.key, name}].clear();
        now_there.in_flight = 0;
      }
    }
    EXPECT_EQ(sum, 100u) << "nobody gets anything";
    const bool same = found == wish.shape;
    if (!lies) {
      for (const auto& [name, backend] : wish.shape.backends) {
        route.reading.backends.at(name).percent = backend.percent;
        route.reading.backends.at(name).mode = backend.mode;
      }
      route.reading.canary = wish.shape.canary;
      if (keeps_over_reload) route.file = wish.shape;
    }
    route.reading.mark = wish.mark;
    return {same ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone, ""};
  }
  void Reload(const std::string& gateway) {
    for (auto& [key, route] : routes) {
      if (key.gateway != gateway) continue;
      route.reading.instance = absl::StrCat("pid ", ++instances);
      for (auto& [name, backend] : route.reading.backends) {
        backend.counters = BackendCounters{};
        backend.percent = route.file.backends.at(name).percent;
        backend.mode = route.file.backends.at(name).mode;
      }
    }
  }

  uint32_t Green(const RouteKey& key) const { return routes.at(key).reading.backends.at("west").percent; }

  // ---- the world ----
  absl::Time now = kStart;
  DeskStore store;
  std::vector<std::unique_ptr<DeskCoordinator>> coordinators;
  std::map<const DeskCoordinator*, absl::Time> paused_until;
  std::map<RouteKey, ModelRoute> routes;
  std::map<std::string, ClusterFacts> clusters;
  std::map<std::pair<std::string, Application>, ApplicationFacts> applications;
  std::map<std::pair<std::string, std::string>, bool> bad_nodes;  // by cluster and name: whether it is dead
  absl::Time applications_told = absl::InfinitePast();            // nothing is told of them before
  GatewayAbilities abilities;
  std::set<std::string> away;  // gateways
  bool lies = false;           // says that it has written, and has not
  bool keeps_over_reload = false;
  uint32_t lost_percent = 0;                      // of all answers
  absl::Duration slowest;                         // answer
  std::map<std::string, uint32_t> fails_percent;  // requests, by backend
  absl::Duration longest_request = absl::Milliseconds(500);
  uint64_t seed = 1;

  // ---- what is counted ----
  uint64_t cut = 0;
  uint64_t requests = 0;
  uint64_t failed = 0;
  uint64_t instances = 7;
  uint64_t wishes = 0;
  std::vector<std::string> broken;  // laws

  uint64_t Random(uint64_t below) {  // splitmix64
    uint64_t z = (seed += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
  }
  bool Chance(uint32_t percent) { return Random(100) < percent; }

 private:
  friend class DeskCoordinator;

  struct Mail {
    absl::Time due;
    uint64_t sequence = 0;
    const DeskCoordinator* to = nullptr;
    std::function<void(SwitchDesk&, SwitchHost&)> event;
  };

  absl::Duration Delay() {
    return slowest > absl::ZeroDuration() ? slowest * static_cast<double>(Random(100)) / 100
                                          : absl::ZeroDuration();
  }

  // All that is due to one coordinator now. False: it stopped.
  bool Run(DeskCoordinator& one) {
    std::vector<Mail> due;
    for (auto it = mail.begin(); it != mail.end();) {
      if (it->to == &one && it->due <= now) {
        due.push_back(std::move(*it));
        it = mail.erase(it);
      } else {
        ++it;
      }
    }
    std::sort(due.begin(), due.end(), [](const Mail& a, const Mail& b) {
      return std::pair(a.due, a.sequence) < std::pair(b.due, b.sequence);
    });
    for (Mail& letter : due) {
      if (!one.Step(letter.event)) return false;
    }
    for (auto& [key, watch] : one.watches) {
      if (watch.second > now) continue;
      watch.second = now + watch.first.period;
      if (!ReadRoute(one, key)) return false;
    }
    for (const auto& [name, time] : std::map<std::string, absl::Time>(one.timers)) {
      if (time > now) continue;
      one.timers.erase(name);
      if (!one.Step([&](SwitchDesk& desk, SwitchHost& host) { OnSwitchDue(desk, host, name); })) return false;
    }
    return Tell(one);
  }

  bool ReadRoute(DeskCoordinator& one, const RouteKey& key) {
    if (away.contains(key.gateway)) {
      if (!one.told_lost.insert(key).second) return true;
      return one.Step([&](SwitchDesk& desk, SwitchHost& host) {
        OnRouteLost(desk, host, {key, true, "away"});
      });
    }
    one.told_lost.erase(key);
    return one.Step([&](SwitchDesk& desk, SwitchHost& host) {
      OnRouteRead(desk, host, {key, routes.at(key).reading, abilities});
    });
  }

  // What the watched applications and probers have to tell, each half a second.
  bool Tell(DeskCoordinator& one) {
    if (absl::ToInt64Milliseconds(now - kStart) % 500 != 0) return true;
    for (const auto& watched : std::set<std::pair<std::string, Application>>(one.applications)) {
      const ClusterFacts& cluster = clusters.at(watched.first);
      if (!cluster.api_reachable || now < applications_told) continue;
      if (!one.Step([&](SwitchDesk& desk, SwitchHost& host) {
            OnApplicationObserved(desk, host, {watched.first, watched.second, applications.at(watched)});
          })) {
        return false;
      }
    }
    for (const DecisionId& decision : std::set<DecisionId>(one.probers)) {
      ProbesTold told;
      told.decision = decision;
      told.run = one.Epoch();
      told.totals[ProbeKind::kKeepAlive].requests =
          static_cast<uint64_t>((now - kStart) / absl::Milliseconds(50));
      if (!one.Step([&](SwitchDesk& desk, SwitchHost& host) { OnProbesTold(desk, host, told); }))
        return false;
    }
    return true;
  }

  // Clients: 10 requests a tick and route, each in flight for a while.
  void Serve() {
    for (auto& [key, route] : routes) {
      for (auto& [name, backend] : route.reading.backends) {
        auto& flying = in_flight[{key, name}];
        const size_t before = flying.size();
        std::erase_if(flying, [this](absl::Time end) { return end <= now; });
        const uint64_t ended = before - flying.size();
        const auto fails = fails_percent.find(name);
        const uint64_t bad = fails == fails_percent.end() ? 0 : ended * fails->second / 100;
        Answer(backend, ended, bad);
        failed += bad;
        requests += ended;
        for (uint32_t i = 0; i < backend.percent / 10; ++i) {
          flying.push_back(now + absl::Milliseconds(50) +
                           longest_request * static_cast<double>(Random(100)) / 100);
        }
        backend.in_flight = flying.size();
      }
    }
  }

  std::vector<Mail> mail;
  uint64_t sequence = 0;
  std::map<std::pair<RouteKey, std::string>, std::vector<absl::Time>> in_flight;
};

inline absl::Time DeskCoordinator::Now() const {
  return world_.now;
}

inline ClusterFacts DeskCoordinator::FactsOf(const std::string& cluster) const {
  const auto found = world_.clusters.find(cluster);
  return found == world_.clusters.end() ? ClusterFacts{} : found->second;
}

inline std::vector<BadNode> DeskCoordinator::BadNodes(const std::string& cluster,
                                                      const std::map<std::string, uint32_t>& nodes) const {
  std::vector<BadNode> bad;
  for (const auto& [key, dead] : world_.bad_nodes) {
    if (key.first == cluster && nodes.contains(key.second)) bad.push_back({.node = key.second, .dead = dead});
  }
  return bad;
}

inline bool DeskCoordinator::Step(const std::function<void(SwitchDesk&, SwitchHost&)>& event) {
  event(desk, *this);
  const bool writes = !writes_.empty() || !closed_.empty();
  if (writes && world_.store.epoch != epoch_) return false;
  for (const auto& [id, record] : writes_) {
    DeskStore::Kept& kept = world_.store.decisions[id];
    kept.record = record;
    kept.open = !closed_.contains(id);
    for (std::string& one : evidence_[id]) kept.evidence.push_back(std::move(one));
  }
  writes_.clear();
  evidence_.clear();
  closed_.clear();
  for (const Released& released : std::exchange(released_, {})) {
    ++world_.wishes;
    DeskStore::Kept& kept = world_.store.decisions[released.decision];
    kept.actions = std::max(kept.actions, released.number);
    // L3: what is wished stands in the durable record.
    const auto durable = kept.record.routes.find(released.wish.key);
    if (world_.store.epoch == epoch_ &&
        (durable == kept.record.routes.end() || durable->second.wished != released.wish.shape)) {
      world_.broken.push_back(absl::StrCat("L3: a wish of ", released.wish.key.route, " is not durable"));
    }
    const RouteWish wish = released.wish;
    const DecisionId decision = released.decision;
    const uint32_t number = released.number;
    const bool arrives = !world_.Chance(world_.lost_percent);
    const bool answers = !world_.Chance(world_.lost_percent);
    DeskWorld& world = world_;
    const DeskCoordinator* self = this;
    // The adapter's write, its reading back, and its answer; no answer in time is kUnreachable.
    auto outcome =
        arrives ? world.WriteRoute(wish) : std::pair(ActionOutcome::kUnreachable, std::string("lost"));
    if (!answers) outcome = {ActionOutcome::kUnreachable, "no answer"};
    world.Deliver(
        self, world.Delay(), [&world, wish, decision, number, outcome](SwitchDesk& d, SwitchHost& h) {
          if (outcome.first != ActionOutcome::kUnreachable) {
            OnRouteRead(d, h, {wish.key, world.routes.at(wish.key).reading, world.abilities});
          }
          OnWishAnswered(
              d, h,
              {.decision = decision, .number = number, .outcome = outcome.first, .detail = outcome.second});
        });
  }
  for (SwitchRequest& request : std::exchange(requests_, {})) {
    if (const auto* watch = std::get_if<WatchRoute>(&request)) {
      if (watch->period == absl::ZeroDuration()) {
        watches.erase(watch->key);
      } else {
        watches[watch->key] = {*watch, world_.now};
      }
    } else if (const auto* check = std::get_if<CheckBackend>(&request)) {
      if (world_.Chance(world_.lost_percent)) continue;
      ServerCheck server;
      server.server = "w1";
      server.tried = server.answered = true;
      const uint64_t id = check->request_id;
      world_.Deliver(this, world_.Delay(), [id, server](SwitchDesk& d, SwitchHost& h) {
        OnBackendChecked(d, h, {id, {server}});
      });
    } else if (const auto* wanted = std::get_if<WatchApplication>(&request)) {
      applications.insert({wanted->cluster, wanted->application});
    } else if (const auto* unwanted = std::get_if<UnwatchApplication>(&request)) {
      applications.erase({unwanted->cluster, unwanted->application});
    } else if (const auto* probe = std::get_if<StartProber>(&request)) {
      probers.insert(probe->decision);
    } else if (const auto* end = std::get_if<StopProber>(&request)) {
      probers.erase(end->decision);
    }
  }
  for (SwitchReply& reply : replies_) replies.push_back(std::move(reply));
  replies_.clear();
  return true;
}

}  // namespace evenkeel::coordinator
