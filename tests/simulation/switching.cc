#include "tests/simulation/switching.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

using namespace coordinator;  // adapters speak the core's language

namespace {

constexpr absl::Duration kGatewayCall = absl::Milliseconds(3);  // to a gateway and back
// As GatewayWorker::Options has them.
constexpr absl::Duration kWriteDeadline = absl::Seconds(3);
constexpr absl::Duration kRetry = absl::Milliseconds(250);
constexpr int kTriesUntilLost = 3;

constexpr absl::Duration kOvertakenLate = absl::Milliseconds(50);

constexpr absl::Duration kObserved = absl::Milliseconds(250);
constexpr absl::Duration kProbesTold = absl::Milliseconds(250);
constexpr absl::Duration kHook = absl::Milliseconds(50);
constexpr size_t kMostFailuresTold = 64;
constexpr int64_t kCpuOfPod = 100;  // millicores that each uses

struct ProbedKind {
  ProbeKind kind;
  uint32_t per_minute;
  absl::Duration length;
};
constexpr uint32_t kMinute = 60;

bool IsBefore(const RouteMark& mark, const RouteMark& other) {
  return std::pair(mark.epoch, mark.version) < std::pair(other.epoch, other.version);
}

}  // namespace

GatewayAbilities UsualAbilities() {
  return {.atomic = true,
          .weights = true,
          .least_percent = 1,
          .canary = true,
          .counts_in_flight = true,
          .counts_requests = true,
          .checks_servers = true,
          .survives_reload = true,
          .fences = true,
          .best_proof = Proof::kServed};
}

struct Switching::Order {
  DecisionId decision;
  uint32_t number = 0;
  uint32_t attempt = 0;
  RouteWish wish;
};

struct Switching::Watch {
  coordinator::WatchRoute request;
  uint64_t number = 0;  // only the last one polls
  int failures = 0;
  bool lost = false;  // and that was told
};

struct Switching::Prober {
  uint64_t run = 0;
  SwitchSpec spec;
  GatewayModel* gateway = nullptr;
  std::map<ProbeKind, uint64_t> clients;
  std::map<ProbeKind, std::pair<uint64_t, uint64_t>> failed_on;  // blue, green
};

// Of one process, while it lives.
struct Switching::Adapters {
  CoordinatorHost* host = nullptr;
  uint64_t life = 0;
  uint64_t epoch = 0;
  uint64_t numbers = 0;
  absl::Time told = absl::InfinitePast();  // nothing overtakes
  std::map<RouteKey, Watch> routes;
  std::map<std::string, std::deque<Order>> orders;                       // by gateway; that wait
  std::set<std::string> busy;                                            // gateways that are being written
  std::map<std::pair<std::string, Application>, uint64_t> applications;  // and the number of the watch
  std::map<std::pair<std::string, Application>, ApplicationFacts> observed;
  std::map<DecisionId, Prober> probers;

  bool Lives() const { return host->runs() && host->life() == life; }
};

Switching::Switching(World& world, Observer* observer, uint64_t seed)
    : world_(world), observer_(observer), seed_(seed), dice_(seed + 0x5717c) {}

Switching::~Switching() = default;

GatewayModel& Switching::AddGateway(const std::string& name, const GatewayAbilities& abilities) {
  auto gateway = std::make_unique<GatewayModel>(
      name, abilities,
      GatewayModel::Surroundings{
          .schedule = world_.schedule(),
          .marks = world_.marks(),
          .servers = [this](const BackendPlace& place) { return ServersOf(place); },
          .answering = [this](const BackendPlace& place) { return AnsweringOf(place); },
          .observer = observer_},
      seed_ + 0x6a7e + gateways_.size());
  return *(gateways_[name] = std::move(gateway));
}

GatewayModel* Switching::Find(const std::string& gateway) {
  const auto found = gateways_.find(gateway);
  return found == gateways_.end() ? nullptr : found->second.get();
}

Answering Switching::AnsweringOf(const BackendPlace& place) const {
  const auto found = answering_.find(place);
  return found == answering_.end() ? Answering{} : found->second;
}

std::vector<ServerTruth> Switching::ServersOf(const BackendPlace& place) const {
  const KubernetesModel& kubernetes = world_.KubernetesOf(place.cluster);
  std::vector<ServerTruth> servers;
  for (const auto& [name, pod] : kubernetes.pods()) {
    if (pod.controller.name != place.workload || pod.deleting) continue;
    const bool runs = !pod.node.empty() && world_.machine(pod.node).Runs() &&
                      kubernetes.containers().Runs(pod.node, pod.uid);
    servers.push_back({name, runs && pod.phase == "Running"});
  }
  return servers;
}

ApplicationFacts Switching::FactsOf(const BackendPlace& place) const {
  ApplicationFacts facts;
  for (const auto& [name, pod] : world_.KubernetesOf(place.cluster).pods()) {
    if (pod.controller.name != place.workload || pod.deleting || pod.phase == "Failed") continue;
    ++facts.pods;
    facts.ready += pod.ready ? 1 : 0;
    if (!pod.node.empty()) ++facts.nodes[pod.node];
    facts.cpu_millicores += kCpuOfPod;
  }
  facts.images[place.workload] = {"registry/" + place.workload + ":1"};
  facts.cpu_known = true;
  return facts;
}

Switching::Adapters& Switching::Of(CoordinatorHost& host, size_t place) {
  std::shared_ptr<Adapters>& adapters = adapters_[place];
  if (adapters != nullptr && adapters->Lives()) return *adapters;
  if (adapters != nullptr) StopProbers(*adapters);
  adapters = std::make_shared<Adapters>();
  adapters->host = &host;
  adapters->life = host.life();
  adapters->epoch = host.epoch();
  return *adapters;
}

void Switching::Tell(Adapters& adapters, absl::Duration after, Event event) {
  adapters.told = std::max(adapters.told, world_.now() + after);
  world_.schedule().At(adapters.told, [host = adapters.host, life = adapters.life, event = std::move(event)] {
    host->Post(event, life);
  });
}

absl::Duration Switching::Takes() {
  return kGatewayCall + dice_.Between(absl::ZeroDuration(), world_.knobs().gateway_delay);
}

void Switching::Take(CoordinatorHost& host, size_t place, const Request& request) {
  if (const auto* watch = std::get_if<coordinator::WatchRoute>(&request)) {
    WatchRoute(Of(host, place), *watch);
  } else if (const auto* check = std::get_if<coordinator::CheckBackend>(&request)) {
    CheckBackend(Of(host, place), *check);
  } else if (const auto* wanted = std::get_if<WatchApplication>(&request)) {
    Adapters& adapters = Of(host, place);
    const uint64_t number = adapters.applications[{wanted->cluster, wanted->application}] =
        ++adapters.numbers;
    adapters.observed.erase({wanted->cluster, wanted->application});
    world_.schedule().After(kGatewayCall, [this, kept = adapters_[place], asked = *wanted, number] {
      Observe(kept, asked.cluster, asked.application, number);
    });
  } else if (const auto* unwanted = std::get_if<UnwatchApplication>(&request)) {
    Of(host, place).applications.erase({unwanted->cluster, unwanted->application});
  } else if (const auto* api = std::get_if<coordinator::AskApi>(&request)) {
    AskApi(Of(host, place), *api);
  } else if (const auto* ask = std::get_if<coordinator::AskHook>(&request)) {
    AskHook(Of(host, place), *ask);
  } else if (const auto* start = std::get_if<coordinator::StartProber>(&request)) {
    StartProber(Of(host, place), *start);
  } else if (const auto* stop = std::get_if<StopProber>(&request)) {
    Adapters& adapters = Of(host, place);
    const auto prober = adapters.probers.find(stop->decision);
    if (prober == adapters.probers.end()) return;
    for (const auto& [kind, client] : prober->second.clients) prober->second.gateway->RemoveClient(client);
    adapters.probers.erase(prober);
  }
}

// ---- readings ----

void Switching::WatchRoute(Adapters& adapters, const coordinator::WatchRoute& request) {
  if (request.period <= absl::ZeroDuration()) {
    adapters.routes.erase(request.key);
    return;
  }
  GatewayModel* const gateway = Find(request.key.gateway);
  if (gateway == nullptr) {
    return Tell(adapters, kGatewayCall,
                RouteLost{request.key, false, "no gateway of that name is configured"});
  }
  if (!gateway->Has(request.key.route)) {
    return Tell(adapters, kGatewayCall, RouteLost{request.key, true, "there is no such route"});
  }
  const uint64_t number = ++adapters.numbers;
  adapters.routes[request.key] = {.request = request, .number = number, .failures = 0, .lost = false};
  for (const auto& [place, kept] : adapters_) {
    if (kept.get() != &adapters) continue;
    world_.schedule().After(absl::ZeroDuration(),
                            [this, kept, key = request.key, number] { Poll(kept, key, number); });
  }
}

void Switching::Poll(const std::shared_ptr<Adapters>& adapters, const RouteKey& key, uint64_t number) {
  const auto watch = adapters->routes.find(key);
  if (!adapters->Lives() || watch == adapters->routes.end() || watch->second.number != number) return;
  const absl::Duration period = watch->second.request.period;
  const GatewayModel& gateway = *Find(key.gateway);
  absl::Duration next = period;
  if (!adapters->host->paused()) {
    if (gateway.away()) {
      next = std::min(period, kRetry);
      if (++watch->second.failures >= kTriesUntilLost && !std::exchange(watch->second.lost, true)) {
        Tell(*adapters, kGatewayCall, RouteLost{key, true, "connection refused"});
      }
    } else {
      watch->second.failures = 0;
      watch->second.lost = false;
      Tell(*adapters, Takes(), RouteRead{key, gateway.Read(key.route), gateway.abilities()});
    }
  }
  world_.schedule().After(next, [this, adapters, key, number] { Poll(adapters, key, number); });
}

void Switching::CheckBackend(Adapters& adapters, const coordinator::CheckBackend& request) {
  GatewayModel* const gateway = Find(request.key.gateway);
  if (gateway == nullptr || gateway->away() || !gateway->Has(request.key.route)) {
    return Tell(adapters, Takes(),
                BackendChecked{request.request_id,
                               {{.server = request.backend,
                                 .tried = false,
                                 .answered = false,
                                 .detail = "the gateway does not answer"}}});
  }
  Tell(adapters, Takes(),
       BackendChecked{request.request_id, gateway->Check(request.key.route, request.backend)});
}

// ---- wishes ----

void Switching::Shape(CoordinatorHost& host, size_t place, const ReleasedAction& action) {
  Adapters& adapters = Of(host, place);
  const Order order{action.decision, action.action.number, action.action.attempts, *action.action.route};
  GatewayModel* const gateway = Find(order.wish.key.gateway);
  if (gateway == nullptr || !adapters.routes.contains(order.wish.key)) {
    return Answer(adapters, order, ActionOutcome::kRefused, "the route is not watched", kGatewayCall);
  }
  std::deque<Order>& waiting = adapters.orders[order.wish.key.gateway];
  for (auto other = waiting.begin(); other != waiting.end();) {
    if (other->wish.key != order.wish.key || !IsBefore(other->wish.mark, order.wish.mark)) {
      ++other;
      continue;
    }
    Answer(adapters, *other, ActionOutcome::kWithdrawn, "a later wish for this route came before its turn",
           kGatewayCall);
    other = waiting.erase(other);
  }
  waiting.push_back(order);
  const std::shared_ptr<Adapters> kept = adapters_[place];
  world_.schedule().After(absl::ZeroDuration(),
                          [this, kept, gateway = order.wish.key.gateway] { Next(kept, gateway); });
}

void Switching::Withdraw(CoordinatorHost& host, size_t place, const WithdrawActions& withdrawal) {
  const auto found = adapters_.find(place);
  if (found == adapters_.end() || !found->second->Lives() || found->second->host != &host) return;
  for (auto& [gateway, orders] : found->second->orders) {
    for (auto order = orders.begin(); order != orders.end();) {
      if (order->decision != withdrawal.decision) {
        ++order;
        continue;
      }
      Answer(*found->second, *order, ActionOutcome::kWithdrawn, "taken back before it was sent",
             kGatewayCall);
      order = orders.erase(order);
    }
  }
}

void Switching::Answer(Adapters& adapters, const Order& order, ActionOutcome outcome, std::string detail,
                       absl::Duration after) {
  Tell(adapters, after,
       ActionFinished{order.decision, order.number, outcome, std::move(detail), order.attempt});
}

// One thing at a time.
void Switching::Next(const std::shared_ptr<Adapters>& adapters, const std::string& gateway) {
  std::deque<Order>& waiting = adapters->orders[gateway];
  if (!adapters->Lives() || waiting.empty() || !adapters->busy.insert(gateway).second) return;
  const Order order = waiting.front();
  waiting.pop_front();
  // Without a fence of the gateway's own its mark is looked at here, and another may write meanwhile.
  std::string outranked = Find(gateway)->Outranks(order.wish.key.route, order.wish.mark);
  if (!outranked.empty() && !Find(gateway)->away()) {
    Answer(*adapters, order, ActionOutcome::kNotMine, std::move(outranked), kGatewayCall);
    return Finished(adapters, gateway, kGatewayCall);
  }
  // What an overtaken process has handed out comes to it a little later: two that are both alive.
  const absl::Duration late =
      adapters->host->zombie()
          ? kOvertakenLate + dice_.Between(absl::ZeroDuration(), world_.knobs().gateway_delay)
          : absl::ZeroDuration();
  world_.schedule().After(Takes() + late, [this, adapters, order, began = world_.now()] {
    // A process that is stopped does it when it goes on.
    adapters->host->InProcess(adapters->life,
                              [this, adapters, order, began] { Try(adapters, order, began); });
  });
}

void Switching::Try(const std::shared_ptr<Adapters>& adapters, const Order& order, absl::Time began) {
  const std::string& gateway = order.wish.key.gateway;
  const bool late = world_.now() - began >= kWriteDeadline;
  const std::deque<Order>& waiting = adapters->orders[gateway];
  const bool overtaken = std::any_of(waiting.begin(), waiting.end(), [&order](const Order& other) {
    return other.wish.key == order.wish.key && IsBefore(order.wish.mark, other.wish.mark);
  });
  if (Find(gateway)->away()) {
    if (late || overtaken) {
      Answer(*adapters, order, ActionOutcome::kUnreachable, "connection refused", kGatewayCall);
      return Finished(adapters, gateway, kGatewayCall);
    }
    return world_.schedule().After(kRetry, [this, adapters, order, began] {
      adapters->host->InProcess(adapters->life,
                                [this, adapters, order, began] { Try(adapters, order, began); });
    });
  }
  if (world_.marks().Strike(dice_, world_.knobs().wish_lost, "wish lost")) {
    Answer(*adapters, order, ActionOutcome::kUnreachable, "no answer in 1s", absl::Seconds(1));
    return Finished(adapters, gateway, absl::Seconds(1));
  }
  Carry(*adapters, order);
  Finished(adapters, gateway, kGatewayCall);
}

void Switching::Carry(Adapters& adapters, const Order& order) {
  GatewayModel& gateway = *Find(order.wish.key.gateway);
  auto [outcome, detail] = gateway.Write(order.wish, adapters.epoch);
  if (world_.marks().Strike(dice_, world_.knobs().wish_answer_lost, "wish's answer lost")) {
    return Answer(adapters, order, ActionOutcome::kUnreachable, "no answer in 1s", absl::Seconds(1));
  }
  if (adapters.routes.contains(order.wish.key)) {
    Tell(adapters, kGatewayCall,
         RouteRead{order.wish.key, gateway.Read(order.wish.key.route), gateway.abilities()});
  }
  Answer(adapters, order, outcome, std::move(detail), kGatewayCall);
}

void Switching::Finished(const std::shared_ptr<Adapters>& adapters, const std::string& gateway,
                         absl::Duration after) {
  world_.schedule().After(after, [this, adapters, gateway] {
    adapters->busy.erase(gateway);
    Next(adapters, gateway);
  });
}

// ---- applications ----

void Switching::Observe(const std::shared_ptr<Adapters>& adapters, const std::string& cluster,
                        const Application& application, uint64_t number) {
  const auto watch = adapters->applications.find({cluster, application});
  if (!adapters->Lives() || watch == adapters->applications.end() || watch->second != number) return;
  const KubernetesModel& kubernetes = world_.KubernetesOf(cluster);
  if (!kubernetes.away() && !adapters->host->paused()) {
    if (kubernetes.workloads().contains(application.service)) {
      ApplicationFacts facts = FactsOf({cluster, application.service});
      const auto known = adapters->observed.find({cluster, application});
      if (known == adapters->observed.end() || known->second != facts) {
        adapters->observed[{cluster, application}] = facts;
        Tell(*adapters, kGatewayCall, ApplicationObserved{cluster, application, std::move(facts)});
      }
    } else if (!adapters->observed.contains({cluster, application})) {
      adapters->observed[{cluster, application}] = {};
      Tell(*adapters, kGatewayCall,
           ApplicationGone{cluster, application,
                           absl::StrCat("there is no Service ", application.ToString())});
    }
  }
  world_.schedule().After(kObserved, [this, adapters, cluster, application, number] {
    Observe(adapters, cluster, application, number);
  });
}

// ---- the prober and hooks ----

void Switching::StartProber(Adapters& adapters, const coordinator::StartProber& request) {
  const SwitchSpec& spec = request.spec;
  GatewayModel* const gateway = spec.routes.empty() ? nullptr : Find(spec.routes.front().key.gateway);
  if (gateway == nullptr || !gateway->Has(spec.routes.front().key.route)) return;
  Prober& prober = adapters.probers[request.decision];
  prober.run = ++runs_;
  prober.spec = spec;
  prober.gateway = gateway;
  std::vector<ProbedKind> kinds = {
      {ProbeKind::kFresh, spec.prober.per_second * kMinute, absl::ZeroDuration()},
      {ProbeKind::kKeepAlive, spec.prober.per_second * kMinute, absl::ZeroDuration()}};
  if (!spec.prober.slow_path.empty()) kinds.push_back({ProbeKind::kSlow, kMinute, absl::Seconds(3)});
  if (!spec.prober.stream_path.empty()) kinds.push_back({ProbeKind::kStream, kMinute / 2, absl::Seconds(5)});
  for (const ProbedKind& kind : kinds) {
    prober.clients[kind.kind] =
        gateway->AddClient(spec.routes.front().key.route,
                           {.kind = kind.kind, .per_minute = kind.per_minute, .length = kind.length});
  }
  for (const auto& [place, kept] : adapters_) {
    if (kept.get() != &adapters) continue;
    world_.schedule().After(kProbesTold,
                            [this, kept, decision = request.decision] { TellProbes(kept, decision); });
  }
}

void Switching::TellProbes(const std::shared_ptr<Adapters>& adapters, const DecisionId& decision) {
  const auto found = adapters->probers.find(decision);
  if (found == adapters->probers.end()) return;
  if (!adapters->Lives()) return StopProbers(*adapters);
  Prober& prober = found->second;
  if (!adapters->host->paused()) {
    ProbesTold told{.decision = decision, .run = prober.run, .totals = {}, .failures = {}};
    const SwitchedRoute& route = prober.spec.routes.front();
    for (const auto& [kind, client] : prober.clients) {
      ProbeCount& count = told.totals[kind];
      count = prober.gateway->CountOf(client);
      for (ClientFailure& failure : prober.gateway->TakeFailures(client)) {
        std::optional<Side> side;
        if (failure.backend == route.blue) side = Side::kBlue;
        if (failure.backend == route.green) side = Side::kGreen;
        if (side) ++(*side == Side::kBlue ? prober.failed_on[kind].first : prober.failed_on[kind].second);
        if (told.failures.size() == kMostFailuresTold) continue;
        told.failures.push_back({.time = failure.time, .kind = kind, .side = side, .detail = failure.detail});
      }
      count.failed_on_blue = prober.failed_on[kind].first;
      count.failed_on_green = prober.failed_on[kind].second;
    }
    Tell(*adapters, kGatewayCall, std::move(told));
  }
  world_.schedule().After(kProbesTold, [this, adapters, decision] { TellProbes(adapters, decision); });
}

void Switching::StopProbers(Adapters& adapters) {
  for (const auto& [decision, prober] : adapters.probers) {
    for (const auto& [kind, client] : prober.clients) prober.gateway->RemoveClient(client);
  }
  adapters.probers.clear();
}

// Not in the order of what gateways tell: it is asked on a thread of its own.
void Switching::AskApi(const Adapters& adapters, const coordinator::AskApi& request) {
  const bool answered = !world_.KubernetesOf(request.cluster).away();
  ApiAnswered answer{.request_id = request.request_id,
                     .cluster = request.cluster,
                     .answered = answered,
                     .detail = answered ? "" : "no answer"};
  world_.schedule().After(answered ? kGatewayCall : request.timeout,
                          [host = adapters.host, life = adapters.life, answer] { host->Post(answer, life); });
}

void Switching::AskHook(Adapters& adapters, const coordinator::AskHook& request) {
  const auto known = hooks_.find(request.hook.name);
  const GateVerdict verdict = known == hooks_.end() ? GateVerdict::kPass : known->second;
  Tell(adapters, kHook, HookAnswered{request.decision, request.hook.name, verdict, Word(verdict)});
}

}  // namespace evenkeel::simulation
