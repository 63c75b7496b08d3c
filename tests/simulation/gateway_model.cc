#include "tests/simulation/gateway_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace evenkeel::simulation {

using namespace coordinator;  // the gateway speaks the core's language

namespace {

constexpr absl::Duration kTick = absl::Milliseconds(50);
constexpr uint64_t kTicksPerMinute = 1200;
// A server that has not answered for so long is down.
constexpr absl::Duration kDownAfter = absl::Seconds(1);
// One in so many requests has a canary's header.
constexpr uint64_t kCanaryOf = 20;

}  // namespace

Fates& Fates::operator+=(const Fates& other) {
  sent += other.sent;
  answered += other.answered;
  errors += other.errors;
  died += other.died;
  nobody += other.nobody;
  cut += other.cut;
  return *this;
}

GatewayModel::GatewayModel(std::string name, const GatewayAbilities& abilities, Surroundings surroundings,
                           uint64_t seed)
    : name_(std::move(name)), abilities_(abilities), around_(std::move(surroundings)), dice_(seed) {}

void GatewayModel::Tell(const std::string& line) {
  if (around_.observer != nullptr) around_.observer->OnTruth(line);
}

void GatewayModel::AddRoute(const std::string& route, const std::map<std::string, BackendPlace>& backends,
                            const std::string& first) {
  Route& added = routes_[route];
  for (const auto& [name, place] : backends) {
    Backend& backend = added.backends[name];
    backend.place = place;
    backend.wish.percent = name == first ? 100 : 0;
    backend.counters.answer_time.emplace();
  }
  added.first = ShapeOf(added);
  if (std::exchange(ticks_, true)) return;
  around_.schedule.After(kTick, [this] { Tick(); });
}

uint64_t GatewayModel::AddClient(const std::string& route, const Client& client) {
  clients_[++last_client_] = {.route = route, .client = client, .due = 0, .count = {}, .failures = {}};
  return last_client_;
}

// ---- requests ----

void GatewayModel::Tick() {
  for (auto& [name, route] : routes_) {
    for (auto& [backend_name, backend] : route.backends) {
      LookAtServers(backend);
      End(route, backend_name, backend);
    }
  }
  for (auto& [id, client] : clients_) {
    client.due += client.client.per_minute;
    for (; client.due >= kTicksPerMinute; client.due -= kTicksPerMinute) {
      Send(routes_.at(client.route), id, client);
    }
  }
  around_.schedule.After(kTick, [this] { Tick(); });
}

// What is under way at a server that dies is lost; that it is dead is seen by the next checks.
void GatewayModel::LookAtServers(Backend& backend) {
  const absl::Time now = around_.schedule.now();
  const std::vector<ServerTruth> servers = around_.servers(backend.place);
  std::map<std::string, absl::Time> alive_at;
  backend.up.clear();
  backend.servers = servers.size();
  for (const ServerTruth& server : servers) {
    const auto known = backend.alive_at.find(server.name);
    const absl::Time at = server.alive                      ? now
                          : known == backend.alive_at.end() ? absl::InfinitePast()
                                                            : known->second;
    alive_at[server.name] = at;
    if (now - at < kDownAfter) backend.up.push_back(server.name);
  }
  backend.alive_at.swap(alive_at);
}

void GatewayModel::End(Route& route, const std::string& name, Backend& backend) {
  const absl::Time now = around_.schedule.now();
  const Answering answering = around_.answering(backend.place);
  std::erase_if(backend.flying, [&](const Flying& flying) {
    const auto server = backend.alive_at.find(flying.server);
    // A server that is not listed any more ends in peace.
    const bool dead = server != backend.alive_at.end() && server->second != now;
    if (!dead && flying.ends > now) return false;
    const bool fails = !dead && dice_.Chance(answering.fails);
    if (flying.instance == instance_) {
      ++backend.counters.requests;
      if (dead) ++backend.counters.failed;
      if (fails) ++backend.counters.server_errors;
      // A slow client's or a stream's length is not the application's time to answer.
      if (auto& took = backend.counters.answer_time; took && !dead) {
        ++took->answers;
        took->total += answering.latency;
      }
    }
    if (dead) {
      ++route.fates.died;
      Lose(flying.client, name, "reset: its server died");
    } else if (fails) {
      ++route.fates.errors;
      Lose(flying.client, name, "answered with 500");
    } else {
      ++route.fates.answered;
      if (const auto client = clients_.find(flying.client); client != clients_.end()) {
        ++client->second.count.requests;
      }
    }
    return true;
  });
}

void GatewayModel::Lose(uint64_t client, const std::string& backend, const std::string& detail) {
  const auto found = clients_.find(client);
  if (found == clients_.end()) return;
  ++found->second.count.requests;
  ++found->second.count.failed;
  found->second.failures.push_back({around_.schedule.now(), backend, detail});
}

std::pair<const std::string, GatewayModel::Backend>* GatewayModel::Choose(Route& route) {
  ++route.requests;
  if (route.canary && route.requests % kCanaryOf == 0) {
    const auto chosen = route.backends.find(route.canary->backend);
    if (chosen != route.backends.end() && chosen->second.wish.mode != BackendMode::kClosed) return &*chosen;
  }
  std::pair<const std::string, Backend>* best = nullptr;
  int64_t sum = 0;
  for (auto& one : route.backends) {
    Backend& backend = one.second;
    if (backend.wish.percent == 0 || backend.wish.mode != BackendMode::kServing) continue;
    backend.credit += backend.wish.percent;
    sum += backend.wish.percent;
    if (best == nullptr || backend.credit > best->second.credit) best = &one;
  }
  if (best != nullptr) best->second.credit -= sum;
  return best;
}

void GatewayModel::Send(Route& route, uint64_t id, Present& client) {
  const absl::Time now = around_.schedule.now();
  ++route.fates.sent;
  auto* const chosen = Choose(route);
  if (chosen == nullptr) {
    ++route.fates.nobody;
    return Lose(id, "", "503: nobody is behind the route");
  }
  Backend& backend = chosen->second;
  ++backend.sent;
  const auto refuse = [&](const std::string& detail) {
    ++backend.counters.requests;
    ++backend.counters.failed;
    ++route.fates.died;
    Lose(id, chosen->first, detail);
  };
  if (backend.up.empty()) return refuse("503: no server is up");
  const std::string& server = backend.up[++backend.turn % backend.up.size()];
  if (backend.alive_at.at(server) != now) return refuse("connection refused");
  backend.flying.push_back({.ends = now + client.client.length + around_.answering(backend.place).latency,
                            .server = server,
                            .client = id,
                            .instance = instance_});
}

// ---- what can happen ----

void GatewayModel::Take(Route& route, const RouteShape& shape) {
  for (const auto& [name, wish] : shape.backends) {
    if (const auto backend = route.backends.find(name); backend != route.backends.end()) {
      backend->second.wish = wish;
      backend->second.credit = 0;
    }
  }
  route.canary = shape.canary;
  ++route.revision;
}

void GatewayModel::Reload() {
  ++instance_;
  for (auto& [name, route] : routes_) {
    for (auto& [backend_name, backend] : route.backends) {
      backend.counters = {};
      backend.counters.answer_time.emplace();
    }
    if (!keeps_) {
      route.mark.reset();
      Take(route, route.first);
    }
    route.disturbed = around_.schedule.now();
  }
  Tell(absl::StrCat("gateway ", name_, " is reloaded", keeps_ ? "" : " and has its first weights again"));
}

void GatewayModel::SetByHand(const std::string& name, const std::string& backend, uint32_t percent) {
  Route& route = routes_.at(name);
  RouteShape shape = ShapeOf(route);
  for (auto& [other, wish] : shape.backends) {
    wish = {.percent = other == backend ? percent : 100 - percent, .mode = BackendMode::kServing};
  }
  Take(route, shape);
  route.disturbed = around_.schedule.now();
  Tell(absl::StrCat("somebody sets ", name_, "/", name, " to ", ToWords(shape)));
}

// ---- the adapter's side ----

// A process counts what it carries itself.
uint64_t GatewayModel::InFlight(const Backend& backend) const {
  return static_cast<uint64_t>(
      std::count_if(backend.flying.begin(), backend.flying.end(),
                    [this](const Flying& flying) { return flying.instance == instance_; }));
}

RouteReading GatewayModel::Read(const std::string& name) const {
  const Route& route = routes_.at(name);
  RouteReading reading;
  for (const auto& [backend_name, backend] : route.backends) {
    BackendReading& read = reading.backends[backend_name];
    read.percent = backend.wish.percent;
    read.mode = backend.wish.mode;
    read.servers = static_cast<uint32_t>(backend.servers);
    read.servers_up = static_cast<uint32_t>(backend.up.size());
    if (abilities_.counts_in_flight) read.in_flight = InFlight(backend);
    if (abilities_.counts_requests) read.counters = backend.counters;
  }
  reading.canary = route.canary;
  reading.proof = abilities_.best_proof;
  reading.mark = route.mark;
  reading.instance = absl::StrCat("pid ", 100 + instance_);
  reading.revision = absl::StrCat(route.revision);
  return reading;
}

std::string GatewayModel::Outranks(const std::string& name, const RouteMark& mark) const {
  const Route& route = routes_.at(name);
  if (!route.mark) return "";
  const bool greater =
      std::pair(route.mark->epoch, route.mark->version) > std::pair(mark.epoch, mark.version);
  if (!greater) return "";
  return absl::StrCat("epoch ", route.mark->epoch, " has written it, and this is epoch ", mark.epoch);
}

std::pair<ActionOutcome, std::string> GatewayModel::Write(const RouteWish& wish, uint64_t epoch) {
  Route& route = routes_.at(wish.key.route);
  if (abilities_.fences) {
    if (std::string why = Outranks(wish.key.route, wish.mark); !why.empty()) {
      around_.marks.Hit("gateway: a greater mark is there");
      return {ActionOutcome::kNotMine, std::move(why)};
    }
  }
  const RouteShape found = ShapeOf(route);
  if (wish.only_from && found != *wish.only_from && found != wish.shape) {
    around_.marks.Hit("gateway: it is not as expected");
    return {ActionOutcome::kBlocked, absl::StrCat("it has ", ToWords(found))};
  }
  for (const auto& [name, backend] : wish.shape.backends) {
    const auto there = route.backends.find(name);
    if (there == route.backends.end()) return {ActionOutcome::kRefused, absl::StrCat("it has no ", name)};
    const uint64_t in_flight = InFlight(there->second);
    if (backend.mode == BackendMode::kClosed && in_flight > wish.may_cut) {
      around_.marks.Hit("gateway: in flight, so it is not closed");
      return {ActionOutcome::kBlocked, absl::StrCat(in_flight, " in flight at ", name)};
    }
  }
  RouteWritten written{.key = wish.key, .wish = wish, .epoch = epoch, .before = found, .cut = 0};
  if (lies_) {
    around_.marks.Hit("gateway: it lies");
    return {ActionOutcome::kDone, ""};
  }
  for (const auto& [name, backend] : wish.shape.backends) {
    Backend& closed = route.backends.at(name);
    if (backend.mode != BackendMode::kClosed) continue;
    std::erase_if(closed.flying, [&](const Flying& flying) {
      if (flying.instance != instance_) return false;
      Lose(flying.client, name, "cut: its backend was closed");
      ++route.fates.cut;
      ++closed.counters.cut;
      ++written.cut;
      return true;
    });
  }
  Take(route, wish.shape);
  route.mark = wish.mark;
  if (around_.observer != nullptr) around_.observer->OnRouteWritten(written);
  return {found == wish.shape ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone, ""};
}

std::vector<ServerCheck> GatewayModel::Check(const std::string& route, const std::string& backend) const {
  std::vector<ServerCheck> checks;
  const auto found = routes_.at(route).backends.find(backend);
  if (found == routes_.at(route).backends.end()) return checks;
  for (const ServerTruth& server : around_.servers(found->second.place)) {
    checks.push_back({.server = server.name,
                      .tried = true,
                      .answered = server.alive,
                      .detail = server.alive ? "" : "no answer in 2s"});
  }
  return checks;
}

// ---- what is true ----

RouteShape GatewayModel::ShapeOf(const Route& route) {
  RouteShape shape;
  for (const auto& [name, backend] : route.backends) shape.backends[name] = backend.wish;
  shape.canary = route.canary;
  return shape;
}

RouteShape GatewayModel::Shape(const std::string& route) const {
  return ShapeOf(routes_.at(route));
}

std::vector<std::string> GatewayModel::routes() const {
  std::vector<std::string> names;
  for (const auto& [name, route] : routes_) names.push_back(name);
  return names;
}

uint64_t GatewayModel::SentTo(const std::string& route, const std::string& backend) const {
  return routes_.at(route).backends.at(backend).sent;
}

ProbeCount GatewayModel::CountOf(uint64_t client) const {
  const auto found = clients_.find(client);
  return found == clients_.end() ? ProbeCount{} : found->second.count;
}

std::vector<ClientFailure> GatewayModel::TakeFailures(uint64_t client) {
  const auto found = clients_.find(client);
  return found == clients_.end() ? std::vector<ClientFailure>{} : std::exchange(found->second.failures, {});
}

}  // namespace evenkeel::simulation
