#include "tests/simulation/switch_laws.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/switch/gates.h"
#include "coordinator/core/switch/ledger.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's records

namespace {

constexpr uint32_t kMostlyFails = 500;  // of a thousand
// A reading may be as old as a gateway is slow, and as the rhythm in a hold.
constexpr absl::Duration kOldestReading = absl::Seconds(7);
constexpr size_t kSentSamples = 24;     // one each kLooks
constexpr uint64_t kEnoughToTell = 60;  // requests

std::string ServiceOf(const SwitchRecord& record) {
  return record.spec.applications.front().service;
}

}  // namespace

void SwitchLaws::Follow(World* world) {
  world_ = world;
  Look();
}

void SwitchLaws::Violated(const std::string& law, const std::string& what) {
  violations_.push_back(
      absl::StrCat(law, ": ", what, " (", absl::FormatDuration(world_->now() - world_->start()), ")"));
}

void SwitchLaws::Mix(const std::string& text) {
  for (const char c : text) trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
}

void SwitchLaws::Ordered(const OrderSwitch& order) {
  orders_.emplace_back(world_->now(), order);
}

// ---- what is true ----

void SwitchLaws::Look() {
  for (const auto& [name, gateway] : world_->switching().gateways()) {
    for (const std::string& route : gateway->routes()) {
      for (const std::string& cluster : world_->clusters()) {
        std::deque<uint64_t>& sent = sent_[{{name, route}, cluster}];
        sent.push_back(gateway->SentTo(route, cluster));
        if (sent.size() > kSentSamples) sent.pop_front();
        SideTruth& side = sides_[{cluster, route}];
        const BackendPlace place{cluster, route};
        const bool lives = Lives(place);
        if (lives) side.dead_since = absl::InfiniteFuture();
        if (!lives) side.dead_since = std::min(side.dead_since, world_->now());
        if (world_->switching().AnsweringOf(place).fails < kMostlyFails) {
          side.failing_since = absl::InfiniteFuture();
          side.sent.clear();
        } else {
          side.failing_since = std::min(side.failing_since, world_->now());
          side.sent.try_emplace(name, gateway->SentTo(route, cluster));
        }
      }
    }
  }
  world_->schedule().After(kLooks, [this] { Look(); });
}

bool SwitchLaws::Lives(const BackendPlace& place) const {
  const std::vector<ServerTruth> servers = world_->switching().ServersOf(place);
  return std::any_of(servers.begin(), servers.end(), [](const ServerTruth& server) { return server.alive; });
}

// One that has come to life since the last look is not dead.
bool SwitchLaws::IsDead(const std::string& cluster, const std::string& application,
                        absl::Duration for_long) const {
  const auto side = sides_.find({cluster, application});
  return side != sides_.end() && world_->now() - side->second.dead_since > for_long &&
         !Lives({cluster, application});
}

// For long enough, and of enough requests, that nobody could take it for chance.
bool SwitchLaws::SurelyFails(const SwitchRecord& record, const std::string& cluster) const {
  const auto side = sides_.find({cluster, ServiceOf(record)});
  if (side == sides_.end() || world_->now() - side->second.failing_since < kSurelySeen) return false;
  uint64_t sent = 0;
  for (const auto& [gateway, before] : side->second.sent) {
    sent += world_->switching().gateways().at(gateway)->SentTo(ServiceOf(record), cluster) - before;
  }
  return sent >= kEnoughToTell;
}

bool SwitchLaws::OrderedSince(const std::string& name, SwitchOrder order, absl::Time since) const {
  return std::any_of(orders_.begin(), orders_.end(), [&](const auto& one) {
    return one.first >= since && one.second.name == name && one.second.order == order;
  });
}

bool SwitchLaws::WasUndisturbed(const RouteKey& key, absl::Duration for_long) const {
  return world_->now() - world_->switching().gateways().at(key.gateway)->Disturbed(key.route) > for_long;
}

std::string SwitchLaws::Name(const DecisionId& id, const SwitchRecord& record) const {
  return absl::StrCat("switch ", id.ToString(), " (", record.spec.name, ", ", Word(record.phase), ", step ",
                      record.step + 1, ")");
}

std::map<std::string, SwitchRecord> SwitchLaws::Open() const {
  std::map<std::string, SwitchRecord> open;
  for (const auto& [id, known] : known_) {
    if (known.open) open[known.record.spec.name] = known.record;
  }
  return open;
}

// ---- what is durable ----

void SwitchLaws::OnDurable(const std::vector<Write>& writes) {
  for (const Write& write : writes) {
    if (const auto* put = std::get_if<PutSwitchRecord>(&write))
      Judge(put->stored.decision, put->stored.record);
    if (const auto* put = std::get_if<PutClusterRecord>(&write)) {
      const std::string& cluster = put->record.cluster;
      if (!put->record.pause) paused_since_.erase(cluster);
      if (put->record.pause) paused_since_.try_emplace(cluster, world_->now());
    }
  }
  // A batch is durable as a whole: what it says last is what it says.
  std::map<DecisionId, bool> states;
  for (const Write& write : writes) {
    const auto* put = std::get_if<PutDecision>(&write);
    if (put == nullptr || put->decision.kind != DecisionKind::kSwitch) continue;
    states[put->decision.id] = put->decision.state == DecisionState::kOpen;
  }
  for (const auto& [id, open] : states) {
    const auto known = known_.find(id);
    if (known == known_.end()) {
      Violated("L4", absl::StrCat("switch ", id.ToString(), " is durable without a record"));
      continue;
    }
    if (open && known->second.record.end) {
      Violated("L4", absl::StrCat(Name(known->first, known->second.record), " has ended and is open"));
    }
    if (!open && !known->second.record.end) {
      Violated("L4", absl::StrCat(Name(known->first, known->second.record), " is closed without an end"));
    }
    if (known->second.open && !open) known->second.ended = world_->now();
    known->second.open = open;
  }
  JudgeOverlaps();
}

void SwitchLaws::JudgeOverlaps() {
  std::map<RouteKey, DecisionId> held;
  for (const auto& [id, known] : known_) {
    if (!known.open) continue;
    for (const SwitchedRoute& route : known.record.spec.routes) {
      const auto [other, is_first] = held.try_emplace(route.key, id);
      if (!is_first) {
        Violated("L3", absl::StrCat("switches ", other->second.ToString(), " and ", id.ToString(),
                                    " have one route"));
      }
    }
  }
}

void SwitchLaws::Judge(const DecisionId& id, const SwitchRecord& now) {
  const bool is_new = !known_.contains(id);
  Known& last = known_[id];
  const std::string name = Name(id, now);
  if (is_new) {
    world_->marks().Hit("switch begun");
    last.record = now;
    last.record.reports.clear();
  }
  if (last.record.end && now.end != last.record.end) Violated("L4", name + " has ended twice");
  const bool has_report = !now.reports.empty();
  const bool new_report = has_report && (last.record.reports.empty() ||
                                         last.record.reports.back().decided != now.reports.back().decided);
  if (new_report) {
    // The same step again gives green nothing that it has not got.
    const bool again =
        !last.record.reports.empty() && last.record.reports.back().step == now.reports.back().step;
    if (!again) JudgeStep(name, last, now);
    if (again) world_->marks().Hit("step shows itself anew");
    for (const SwitchedRoute& route : now.spec.routes) {
      last.sent[route.key] = CountedFrom(route, again);
    }
  }
  if (now.phase == SwitchPhase::kRollingBack && last.record.phase != SwitchPhase::kRollingBack) {
    JudgeRollback(name, now);
  }
  if (now.drained && !last.record.drained) {
    world_->marks().Hit("drain is proven");
    for (const SwitchedRoute& route : now.spec.routes) {
      const auto reading = world_->switching().gateways().at(route.key.gateway)->Read(route.key.route);
      if (reading.backends.at(route.blue).in_flight.value_or(0) > 0 &&
          WasUndisturbed(route.key, kOldestReading) && now.routes.at(route.key).written) {
        Violated("L10", name + " counts blue as drained, and it is not");
      }
    }
  }
  JudgeStop(last.record, now);
  if (now.end && !last.record.end) JudgeOutcome(name, now);
  if (now.spec.drain.at_deadline == AtDrainDeadline::kCut) last.may_cut = std::max(last.may_cut, now.may_cut);
  last.record = now;
  Mix(absl::StrCat(id.ToString(), Word(now.phase), now.step, now.stop ? now.stop->reason : "", now.outcome));
}

// What green had been sent when its requests were begun to be counted. What was in flight then may be
// answered in the step; and a step that shows itself anew is counted from the last reading before, which was
// taken in the slow rhythm of a switch that has stopped.
uint64_t SwitchLaws::CountedFrom(const SwitchedRoute& route, bool again) const {
  const GatewayModel& gateway = *world_->switching().gateways().at(route.key.gateway);
  if (again) return sent_.at({route.key, route.green}).front();
  return gateway.SentTo(route.key.route, route.green) -
         gateway.Read(route.key.route).backends.at(route.green).in_flight.value_or(0);
}

// Green gets more than it had.
void SwitchLaws::JudgeStep(const std::string& name, const Known& last, const SwitchRecord& now) {
  world_->marks().Hit("step forward");
  const std::string service = ServiceOf(now);
  const SwitchRecord& before = last.record;
  if (IsDead(now.spec.to, service, kSeen)) Violated("L10", name + " goes on onto a green that is dead");
  if (SurelyFails(now, now.spec.to) && !before.reports.empty()) {
    Violated("L10", name + " goes on onto a green that fails");
  }
  for (const std::string& cluster : {now.spec.from, now.spec.to}) {
    const auto paused = paused_since_.find(cluster);
    if (paused != paused_since_.end() && paused->second < world_->now()) {
      Violated("L3", absl::StrCat(name, " goes on while ", cluster, " is paused"));
    }
  }
  const auto away = away_since_.find(now.spec.to);
  if (away != away_since_.end() && away->second < world_->now()) {
    Violated("L8", name + " goes on while green's API is away");
  }
  if (before.stop && before.stop->cause != StopCause::kGateway &&
      !OrderedSince(now.spec.name, SwitchOrder::kResume, before.stop->since)) {
    Violated("L3", absl::StrCat(name, " goes on, and nobody has resumed it: ", before.stop->reason));
  }
  // A blue that is gone is waited for by nobody, where the rule, or an operator, says so.
  const bool hurries = (now.spec.on_lost_blue == OnLostBlue::kFinish || now.may_hurry) &&
                       now.step + 1 == now.spec.steps.size() &&
                       IsDead(now.spec.from, service, absl::ZeroDuration());
  if (!before.reports.empty() && !hurries) JudgeShown(name, last, now);
}

// The step before it, which must have shown itself.
void SwitchLaws::JudgeShown(const std::string& name, const Known& last, const SwitchRecord& now) {
  const SwitchRecord& before = last.record;
  const StepReport& shown = before.reports.back();
  const SwitchStep& step = now.spec.steps[shown.step];
  const size_t place = now.reports.size() - 2;
  if (now.reports.size() >= 2) {
    const StepReport& ended = now.reports[place];
    if (ended.gates.empty()) Violated("L10", name + " goes on, and its gates were not asked");
    if (Together(ended.gates) != GateVerdict::kPass) Violated("L10", name + " goes on without its gates");
  }
  if (world_->now() - shown.decided < step.soak) Violated("L10", name + " goes on before the soak is over");
  uint64_t sent = 0;
  for (const SwitchedRoute& route : now.spec.routes) {
    const uint64_t all =
        world_->switching().gateways().at(route.key.gateway)->SentTo(route.key.route, route.green);
    const auto from = last.sent.find(route.key);
    sent += all - (from == last.sent.end() ? 0 : from->second);
  }
  if (sent < step.min_requests) {
    Violated("L10", absl::StrCat(name, " goes on after ", sent, " of ", step.min_requests, " requests"));
  }
}

void SwitchLaws::JudgeRollback(const std::string& name, const SwitchRecord& now) {
  const bool ordered = OrderedSince(now.spec.name, SwitchOrder::kRollBack, world_->now() - absl::Minutes(1));
  world_->marks().Hit(ordered ? "rollback by order" : "rollback by itself");
  if (IsDead(now.spec.from, ServiceOf(now), kSeen))
    Violated("L10", name + " goes back to a blue that is dead");
  if (SurelyFails(now, now.spec.from)) Violated("L10", name + " goes back to a blue that fails");
}

void SwitchLaws::JudgeStop(const SwitchRecord& last, const SwitchRecord& now) {
  if (now.stop && (!last.stop || last.stop->cause != now.stop->cause)) {
    world_->marks().Hit(absl::StrCat("switch stopped: ", Word(now.stop->cause)));
    if (now.stop->reason.empty()) Violated("L11", "a switch has stopped and says nothing");
  }
  if (!now.stop && last.stop && !now.end) world_->marks().Hit("switch goes on after a stop");
}

bool SwitchLaws::Agrees(const SwitchRecord& record, const SwitchedRoute& route) const {
  const RouteReading reading = world_->switching().gateways().at(route.key.gateway)->Read(route.key.route);
  const uint32_t green = record.end == SwitchEnd::kCommitted ? 100 : 0;
  return reading.backends.at(route.green).percent == green &&
         reading.backends.at(route.blue).percent == 100 - green && !reading.canary;
}

void SwitchLaws::JudgeOutcome(const std::string& name, const SwitchRecord& now) {
  world_->marks().Hit(absl::StrCat("switch ", Word(*now.end)));
  const bool moved = *now.end == SwitchEnd::kCommitted || *now.end == SwitchEnd::kRolledBack;
  if (!moved) {
    for (const auto& [key, route] : now.routes) {
      Violated("L10", absl::StrCat(name, " ended as if nothing had been moved, and ", key.route, " was"));
    }
    return;
  }
  for (const SwitchedRoute& route : now.spec.routes) {
    // What was read may have been changed since by somebody else.
    if (Agrees(now, route) || !WasUndisturbed(route.key, kOldestReading)) continue;
    Violated("L11",
             absl::StrCat(name, " ends as ", Word(*now.end), ", and the gateway has ",
                          ToWords(world_->switching().Find(route.key.gateway)->Shape(route.key.route))));
  }
}

// ---- what the coordinator is told, and does ----

void SwitchLaws::OnTurn(const std::vector<Event>& events, const Effects& effects) {
  for (const Event& event : events) {
    if (const auto* api = std::get_if<ApiChanged>(&event)) {
      if (api->reachable) away_since_.erase(api->cluster);
      if (!api->reachable) away_since_.try_emplace(api->cluster, world_->now());
    }
  }
  for (const ReleasedAction& released : effects.actions) {
    if (!released.action.route) continue;
    const RouteWish& wish = *released.action.route;
    Mix(absl::StrCat(released.decision.ToString(), "/", released.action.number, ToWords(wish.shape)));
    const auto known = known_.find(released.decision);
    if (known == known_.end()) {
      Violated("L3", "a wish of a switch that is not durable");
      continue;
    }
    const Known& of = known->second;
    // In the same turn another wish may have taken its place.
    const bool overtaken = std::any_of(effects.actions.begin(), effects.actions.end(),
                                       [&released, &wish](const ReleasedAction& other) {
                                         return other.action.route && other.action.route->key == wish.key &&
                                                other.action.number > released.action.number;
                                       });
    const auto wished = of.record.routes.find(wish.key);
    if (!overtaken && (wished == of.record.routes.end() || wished->second.wished != wish.shape)) {
      Violated("L3", absl::StrCat(Name(released.decision, of.record), " asks for ", ToWords(wish.shape),
                                  ", which its record does not wish"));
    }
    uint64_t ordered = 0;
    for (const auto& [time, order] : orders_) {
      if (order.name == of.record.spec.name) ordered = std::max(ordered, order.may_cut.value_or(0));
    }
    if (wish.may_cut > std::max(ordered, of.may_cut)) {
      Violated("L10", absl::StrCat(Name(released.decision, of.record), " may cut ", wish.may_cut,
                                   ", and nobody allowed it"));
    }
  }
}

void SwitchLaws::OnCrash() {
  away_since_.clear();
  for (const auto& [id, known] : known_) {
    if (known.open) world_->marks().Hit(absl::StrCat("coordinator gone while ", Word(known.record.phase)));
  }
}

void SwitchLaws::OnRouteWritten(const RouteWritten& written) {
  const RouteWish& wish = written.wish;
  const bool changed = written.before != wish.shape;
  if (changed) world_->marks().Hit("route changed");
  const auto decision = world_->decisions().find(wish.mark.owner);
  const bool intended =
      decision != world_->decisions().end() &&
      std::any_of(decision->second.actions.begin(), decision->second.actions.end(),
                  [&wish](const Action& action) { return action.route && *action.route == wish; });
  if (!intended) Violated("L3", absl::StrCat("a write of ", wish.key.route, " whose intent is not durable"));
  uint32_t serving = 0;
  for (const auto& [name, backend] : wish.shape.backends) {
    if (backend.mode == BackendMode::kServing) serving += backend.percent;
  }
  if (serving != 100)
    Violated("L10", absl::StrCat("nobody is behind ", wish.key.route, ": ", ToWords(wish.shape)));

  uint64_t& newest = epochs_[wish.key];
  if (written.epoch < newest && changed) {
    world_->marks().Hit("late write of an older coordinator");
    if (world_->switching().gateways().at(wish.key.gateway)->abilities().fences) {
      Violated("L7",
               absl::StrCat("epoch ", written.epoch, " changes ", wish.key.route, " after epoch ", newest));
    }
    for (auto& [id, known] : known_) {
      if (known.record.routes.contains(wish.key)) known.late_write = true;
    }
  }
  newest = std::max(newest, written.epoch);

  const auto known = known_.find(wish.mark.owner);
  if (known == known_.end()) return;
  const SwitchRecord& record = known->second.record;
  if (written.cut > wish.may_cut) Violated("L10", absl::StrCat(written.cut, " requests were cut"));
  if (written.cut > 0) world_->marks().Hit("requests were cut, as allowed");
  for (const auto& [name, backend] : wish.shape.backends) {
    if (backend.mode == BackendMode::kClosed) world_->marks().Hit("blue closed");
    const auto before = written.before.backends.find(name);
    const bool gains = before != written.before.backends.end() && backend.percent > before->second.percent;
    // A side that is dead may have been given more before it died, or while nobody could know.
    const std::string other = name == record.spec.to ? record.spec.from : record.spec.to;
    if (gains && name == record.spec.to && !record.may_hurry && IsDead(name, wish.key.route, 2 * kSeen) &&
        !IsDead(other, wish.key.route, absl::ZeroDuration())) {
      Violated("L10",
               absl::StrCat("requests are moved onto a green that is dead, by ", Name(known->first, record)));
    }
  }
}

// ---- the end ----

void SwitchLaws::JudgeEnd() {
  std::map<RouteKey, const Known*> last;
  for (const auto& [id, known] : known_) {
    if (known.record.routes.empty()) continue;
    for (const SwitchedRoute& route : known.record.spec.routes) last[route.key] = &known;
  }
  for (const auto& [key, known] : last) {
    const SwitchRecord& record = known->record;
    const GatewayModel& gateway = *world_->switching().gateways().at(key.gateway);
    const auto route = std::find_if(record.spec.routes.begin(), record.spec.routes.end(),
                                    [&key](const SwitchedRoute& one) { return one.key == key; });
    // What others did after its end is not its own; and what a gateway without a fence let an older one do.
    if (known->open || known->late_write || gateway.Disturbed(key.route) > known->ended - kOldestReading)
      continue;
    if (!Agrees(record, *route)) {
      Violated("L11", absl::StrCat("the record of ", record.spec.name, " says ", Word(*record.end), ", and ",
                                   key.gateway, "/", key.route, " has ", ToWords(gateway.Shape(key.route))));
    }
  }
  uint64_t allowed = 0;
  for (const auto& [id, known] : known_) allowed += known.may_cut;
  for (const auto& [time, order] : orders_) allowed += order.may_cut.value_or(0);
  Fates all;
  for (const auto& [name, gateway] : world_->switching().gateways()) {
    for (const std::string& route : gateway->routes()) all += gateway->Total(route);
  }
  if (all.nobody > 0) Violated("L10", absl::StrCat(all.nobody, " requests found nobody behind their route"));
  if (all.cut > allowed)
    Violated("L10", absl::StrCat(all.cut, " requests were cut, and ", allowed, " allowed"));
}

}  // namespace evenkeel::simulation
