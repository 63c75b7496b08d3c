#include "coordinator/core/switch/switch_desk.h"

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/check_spec.h"
#include "coordinator/core/switch/freeze.h"
#include "coordinator/core/switch/overlap.h"
#include "coordinator/core/switch/shapes.h"
#include "coordinator/core/switch/switch_orders.h"
#include "coordinator/core/switch/switch_sight.h"
#include "coordinator/core/switch/transitions.h"

namespace evenkeel::coordinator {
namespace {

// No operator can give this name to a switch: plans are besides those that are under way.
constexpr char kPlanPrefix[] = "\n";
// The first step goes by what was found no longer ago than this.
constexpr absl::Duration kFreshPreflight = absl::Seconds(1);

bool MovesNow(const SwitchRecord& record) {
  return !record.stop && record.phase != SwitchPhase::kHolding;
}

// ---- watching ----

// Of the switch under way that has the route; null: none has.
const RouteDesk* InUse(const SwitchDesk& desk, const RouteKey& key) {
  for (const auto& [name, other] : desk.switches) {
    const auto route = other.routes.find(key);
    if (other.decision && route != other.routes.end()) return &route->second;
  }
  return nullptr;
}

// What is asked of a route last is what its gateway goes by, servers included. So a plan asks for none that a
// switch under way has: it sees what that one sees.
void Borrow(RouteDesk& at, const RouteDesk& in_use) {
  at.reading = in_use.reading;
  at.abilities = in_use.abilities;
  at.known = in_use.known;
  at.detail = in_use.detail;
  if (!in_use.reading) at.away_since = in_use.away_since;
}

void WatchRoutes(const SwitchDesk& all, SwitchHost& host, Switch& one, absl::Duration period) {
  for (const SwitchedRoute& route : one.record.spec.routes) {
    RouteDesk& desk = one.routes[route.key];
    const RouteDesk* const in_use = one.decision ? nullptr : InUse(all, route.key);
    if (in_use != nullptr) {
      Borrow(desk, *in_use);
      continue;
    }
    WatchRoute watch{.key = route.key, .parts = PartsOf(route), .period = period};
    if (desk.watched == watch) continue;
    desk.watched = watch;
    host.Ask(std::move(watch));
  }
}

void WatchApplications(SwitchHost& host, const Switch& one) {
  for (const std::string& cluster : {one.record.spec.from, one.record.spec.to}) {
    for (const Application& application : one.record.spec.applications) {
      host.Ask(WatchApplication{cluster, application});
    }
  }
}

bool IsWatched(const SwitchDesk& desk, const std::string& cluster, const Application& application) {
  return std::any_of(desk.switches.begin(), desk.switches.end(), [&](const auto& entry) {
    const SwitchSpec& spec = entry.second.record.spec;
    return (spec.from == cluster || spec.to == cluster) &&
           std::find(spec.applications.begin(), spec.applications.end(), application) !=
               spec.applications.end();
  });
}

bool IsWatched(const SwitchDesk& desk, const RouteKey& key) {
  return std::any_of(desk.switches.begin(), desk.switches.end(),
                     [&](const auto& entry) { return entry.second.routes.contains(key); });
}

// In both clusters.
void FloorsChange(SwitchHost& host, const SwitchSpec& spec) {
  for (const std::string& cluster : {spec.from, spec.to}) {
    for (const Application& application : spec.applications) {
      host.FloorsChange(cluster, application.name_space);
    }
  }
}

// It has ended, or was only planned.
void Leave(SwitchDesk& desk, SwitchHost& host, const std::string& name) {
  const auto found = desk.switches.find(name);
  const Switch one = std::move(found->second);
  desk.switches.erase(found);
  const SwitchSpec& spec = one.record.spec;
  for (const SwitchedRoute& route : spec.routes) {
    if (!IsWatched(desk, route.key)) host.Ask(WatchRoute{route.key, {}, absl::ZeroDuration()});
  }
  for (const std::string& cluster : {spec.from, spec.to}) {
    for (const Application& application : spec.applications) {
      if (!IsWatched(desk, cluster, application)) host.Ask(UnwatchApplication{cluster, application});
    }
  }
  if (one.decision) {
    host.Ask(StopProber{*one.decision});
    FloorsChange(host, spec);
  }
  host.Changed(name);
}

// ---- preflight ----

void AskChecks(SwitchDesk& desk, SwitchHost& host, Switch& one) {
  for (const SwitchedRoute& route : one.record.spec.routes) {
    RouteDesk& at = one.routes[route.key];
    at.check_request = ++desk.requests;
    host.Ask(CheckBackend{.request_id = at.check_request,
                          .key = route.key,
                          .backend = route.green,
                          .port = route.check_port,
                          .path = route.check_path,
                          .timeout = absl::Seconds(2)});
  }
}

void BeginPreflight(SwitchDesk& desk, SwitchHost& host, Switch& one) {
  const bool lost = one.record.origin == SwitchOrigin::kLostCluster;
  one.preflight_until = host.Now() + (lost ? kLostPreflightTime : kPreflightTime);
  WatchRoutes(desk, host, one, kReadOften);
  WatchApplications(host, one);
  AskChecks(desk, host, one);
}

// One's Service and another's selector may name the same pods.
bool ShareAController(const Switch& one, const Switch& other) {
  for (const auto& [key, facts] : one.applications) {
    for (const auto& [other_key, other_facts] : other.applications) {
      if (key.first != other_key.first) continue;
      for (const auto& [controller, pods] : facts.controllers) {
        if (other_facts.controllers.contains(controller)) return true;
      }
    }
  }
  return false;
}

// Of two that both wait for their preflight the earlier one goes on.
bool GoesFirst(const Switch& other, const Switch& one) {
  return !one.decision || HasMoved(other.record) || *other.decision < *one.decision;
}

std::set<std::string> Conflicts(const SwitchDesk& desk, const Switch& one) {
  std::set<std::string> names;
  for (const auto& [name, other] : desk.switches) {
    if (&other == &one || !other.decision) continue;
    const bool both = !OverlapOf(one.record.spec, other.record.spec).empty() ||
                      (GoesFirst(other, one) && ShareAController(one, other));
    if (both) names.insert(name);
  }
  return names;
}

// Nothing but its preflight stands before the first step.
bool MayBegin(const Switch& one, const SwitchHost& host) {
  return !one.record.stop && !FreezeAt(one.record.spec.freezes, host.Now()) &&
         SightOf(one, host).held.empty();
}

// What it found is too old to be gone by. The first step goes by nothing that was found before it had to wait
// (for approval, a freeze, a pause): green may be gone by then (L10).
bool IsStale(const Switch& one, const SwitchHost& host) {
  if (!one.findings) return false;
  const absl::Duration age = host.Now() - one.found;
  return age > kPreflightHolds || (age > kFreshPreflight && MayBegin(one, host));
}

// A coordinator that has just started, or stood still for a moment, does not trust what it sees. That passes,
// so it is waited for, as an answer is. Where blue is lost, it is green that has to be seen.
bool AreSeen(const Switch& one, const SwitchHost& host) {
  const auto is_seen = [&host](const std::string& cluster) {
    const ClusterFacts facts = host.GlanceAt(cluster);
    return !facts.known || facts.lost || (facts.api_reachable && !facts.blind);
  };
  const bool blue = one.record.origin == SwitchOrigin::kLostCluster || is_seen(one.record.spec.from);
  return blue && is_seen(one.record.spec.to);
}

// Once all has been answered, or will not be. The pods that blue has now are what green needs from here on.
void JudgePreflight(SwitchDesk& desk, SwitchHost& host, Switch& one) {
  if (one.record.phase != SwitchPhase::kPreflight) return;
  if (IsStale(one, host)) {
    one.findings.reset();
    for (auto& [key, route] : one.routes) route.checks.reset();
    BeginPreflight(desk, host, one);
  }
  if (one.findings) return;
  const bool may_come = !IsComplete(one) || !AreSeen(one, host);
  if (may_come && host.Now() < one.preflight_until) return;
  if (one.record.origin == SwitchOrigin::kOperator) one.record.needed = ReadyIn(one, one.record.spec.from);
  one.findings = Preflight(one.record.spec, FactsOf(one, host, Conflicts(desk, one)));
  one.found = host.Now();
  if (!one.decision) return;
  host.Found(*one.decision, *one.findings);
  FloorsChange(host, one.record.spec);
}

void AnswerPlan(SwitchDesk& desk, SwitchHost& host, const std::string& name, const Switch& one) {
  host.Answer({.request_id = one.plan_request,
               .status = absl::OkStatus(),
               .decision = {},
               .findings = *one.findings,
               .forecasts = ForecastOf(one.record.spec, FactsOf(one, host, {}))});
  Leave(desk, host, name);
}

// ---- looks ----

void HandOut(SwitchHost& host, const Switch& one, PendingWish& pending) {
  pending.handed_out = true;
  host.Release(*one.decision, pending.number, pending.wish);
}

void MakeWish(SwitchDesk& desk, SwitchHost& host, Switch& one, const WishToWrite& wish) {
  PendingWish pending{.wish = {.key = wish.key,
                               .shape = wish.shape,
                               .mark = {host.Epoch(), *one.decision, ++desk.versions},
                               .only_from = wish.only_from,
                               .may_cut = wish.may_cut},
                      .number = ++one.actions,
                      .handed_out = false,
                      .ask_at = host.Now(),
                      .pause = absl::ZeroDuration()};
  HandOut(host, one, one.routes[wish.key].pending.emplace(std::move(pending)));
}

void AskAgain(SwitchHost& host, Switch& one) {
  if (IsFrozen(one.record)) return;
  for (auto& [key, route] : one.routes) {
    if (!route.pending || route.pending->handed_out || host.Now() < route.pending->ask_at) continue;
    // L3: an order has just wished something else, which the look after it hands out.
    if (one.record.routes.at(key).wished != route.pending->wish.shape) continue;
    // What was unanswered may have been written: the gateway's own mark tells whether it was by us.
    HandOut(host, one, *route.pending);
  }
}

void AskHooks(SwitchHost& host, Switch& one) {
  const SwitchPhase phase = one.record.phase;
  if (phase != SwitchPhase::kSoaking && phase != SwitchPhase::kDraining && phase != SwitchPhase::kHolding) {
    return;
  }
  for (const GateHook& hook : one.record.spec.gates.hooks) {
    absl::Time& asked = one.hooks_asked.try_emplace(hook.name, absl::InfinitePast()).first->second;
    const auto answer = one.hooks.find(hook.name);
    const bool answered = answer != one.hooks.end() && answer->second.time == asked;
    if (!answered && host.Now() - asked < hook.timeout) continue;  // one question at a time
    // What was asked before the present weights were there says nothing of them.
    if (asked >= one.record.step_shown_since && host.Now() - asked < hook.period) continue;
    asked = host.Now();
    host.Ask(AskHook{*one.decision, hook});
  }
}

// What moves and what the record says follow from one look; they are made durable together.
void Follow(SwitchDesk& desk, SwitchHost& host, const std::string& name, Switch& one,
            const SwitchMoves& moves) {
  for (auto& [key, route] : one.routes) route.answer = WriteState::kNone;
  for (const std::string& sentence : moves.happened) host.Happened(*one.decision, sentence);
  for (const WishToWrite& wish : moves.wishes) MakeWish(desk, host, one, wish);
  // Nothing that this look has put another wish in place of.
  if (one.record.phase != SwitchPhase::kEnded) AskAgain(host, one);
  if (moves.changed) host.Write(*one.decision, one.record);
  host.Changed(name);
  if (one.record.phase == SwitchPhase::kEnded) {
    host.Close(*one.decision, one.record);
    return Leave(desk, host, name);
  }
  WatchRoutes(desk, host, one, MovesNow(one.record) ? kReadOften : kReadSeldom);
  host.WakeAt(name, host.Now() + kReadOften);
}

void Look(SwitchDesk& desk, SwitchHost& host, const std::string& name, Switch& one) {
  JudgePreflight(desk, host, one);
  if (!one.decision) {
    if (one.findings) return AnswerPlan(desk, host, name, one);
    return host.WakeAt(name, host.Now() + kReadOften);
  }
  AskHooks(host, one);
  const SwitchSight sight = SightOf(one, host);
  const SwitchMoves moves = Advance(one.record, one.memory, sight);
  Follow(desk, host, name, one, moves);
}

// Calls `each` for every switch, which may end it.
template <typename Each>
void ForEach(SwitchDesk& desk, const Each& each) {
  std::vector<std::string> names;
  for (const auto& [name, one] : desk.switches) names.push_back(name);
  for (const std::string& name : names) {
    const auto found = desk.switches.find(name);
    if (found != desk.switches.end()) each(name, found->second);
  }
}

std::string ProblemsOf(const SwitchSpec& spec) {
  std::vector<std::string> lines;
  for (const SpecProblem& problem : CheckSpec(spec)) {
    lines.push_back(absl::StrCat(problem.field, ": ", problem.words));
  }
  return Join(lines);
}

absl::Status MayStart(const SwitchDesk& desk, const SwitchSpec& spec) {
  if (const std::string problems = ProblemsOf(spec); !problems.empty()) {
    return absl::InvalidArgumentError(problems);
  }
  for (const auto& [name, other] : desk.switches) {
    if (!other.decision) continue;
    if (const std::string both = OverlapOf(spec, other.record.spec); !both.empty()) {
      return absl::FailedPreconditionError(absl::StrCat("switch ", name, " is under way and has ", both,
                                                        " as well: commit it or roll it back first"));
    }
  }
  if (desk.switches.size() >= kMostSwitches) {
    return absl::ResourceExhaustedError(absl::StrCat(kMostSwitches, " switches are under way already"));
  }
  return absl::OkStatus();
}

DecisionId Begin(SwitchDesk& desk, SwitchHost& host, const SwitchSpec& spec, SwitchOrigin origin,
                 const std::map<Application, uint32_t>& needed) {
  Switch& one = desk.switches[spec.name];
  one.record.spec = spec;
  one.record.origin = origin;
  one.record.needed = needed;
  one.record.phase_since = host.Now();
  one.decision = host.Open(one.record);
  host.Write(*one.decision, one.record);
  BeginPreflight(desk, host, one);
  if (!spec.prober.url.empty()) host.Ask(StartProber{*one.decision, spec});
  host.WakeAt(spec.name, host.Now() + kReadOften);
  host.Changed(spec.name);
  return *one.decision;
}

}  // namespace

void OnPlanSwitch(SwitchDesk& desk, SwitchHost& host, const PlanSwitch& event) {
  if (const std::string problems = ProblemsOf(event.spec); !problems.empty()) {
    return host.Answer({.request_id = event.request_id, .status = absl::InvalidArgumentError(problems)});
  }
  if (desk.switches.size() >= kMostSwitches) {
    return host.Answer({.request_id = event.request_id,
                        .status = absl::ResourceExhaustedError("too many switches are under way")});
  }
  const std::string name = absl::StrCat(kPlanPrefix, event.request_id);
  Switch& one = desk.switches[name];
  one.record.spec = event.spec;
  one.record.phase_since = host.Now();
  one.plan_request = event.request_id;
  BeginPreflight(desk, host, one);
  host.WakeAt(name, host.Now() + kReadOften);
}

void OnStartSwitch(SwitchDesk& desk, SwitchHost& host, const StartSwitch& event) {
  if (const absl::Status status = MayStart(desk, event.spec); !status.ok()) {
    return host.Answer({.request_id = event.request_id, .status = status});
  }
  const DecisionId decision = Begin(desk, host, event.spec, SwitchOrigin::kOperator, {});
  host.Answer({.request_id = event.request_id, .status = absl::OkStatus(), .decision = decision});
}

absl::StatusOr<DecisionId> StartForLostCluster(SwitchDesk& desk, SwitchHost& host, const SwitchSpec& spec,
                                               const std::map<Application, uint32_t>& needed) {
  if (absl::Status may = MayStart(desk, spec); !may.ok()) return may;
  return Begin(desk, host, spec, SwitchOrigin::kLostCluster, needed);
}

bool EndUnmoved(SwitchDesk& desk, SwitchHost& host, const DecisionId& decision, const std::string& outcome) {
  const auto found = std::find_if(desk.switches.begin(), desk.switches.end(), [&decision](const auto& entry) {
    return entry.second.decision == decision;
  });
  if (found == desk.switches.end() || HasMoved(found->second.record)) return false;
  const std::string name = found->first;
  Switch& one = found->second;
  const SwitchSight sight = SightOf(one, host);
  SwitchMoves moves;
  Transitions{one.record, one.memory, sight, moves}.End(SwitchEnd::kCancelled, outcome);
  Follow(desk, host, name, one, moves);
  return true;
}

void OnOrderSwitch(SwitchDesk& desk, SwitchHost& host, const OrderSwitch& event) {
  const auto found = desk.switches.find(event.name);
  if (found == desk.switches.end() || !found->second.decision) {
    return host.Answer(
        {.request_id = event.request_id,
         .status = absl::NotFoundError(absl::StrCat("no switch ", event.name, " is under way"))});
  }
  Switch& one = found->second;
  const DecisionId decision = *one.decision;
  if (event.decision && *event.decision != decision) {
    return host.Answer(
        {.request_id = event.request_id,
         .status = absl::FailedPreconditionError(absl::StrCat(
             "switch ", event.name, " of decision ", event.decision->ToString(),
             " has ended; one that was started since has its name, of decision ", decision.ToString()))});
  }
  const SwitchSight sight = SightOf(one, host);
  SwitchMoves moves;
  absl::Status status;
  switch (event.order) {
    case SwitchOrder::kPause:
      status = PauseSwitch(one.record, one.memory, sight, event.reason, moves);
      break;
    case SwitchOrder::kResume:
      status = ResumeSwitch(one.record, one.memory, sight, event.may_cut, moves);
      // What was not asked for while it was frozen is not late.
      for (auto& [key, route] : one.routes) {
        if (status.ok() && route.reading) route.away_since = absl::InfiniteFuture();
      }
      break;
    case SwitchOrder::kRollBack:
      status = RollBackSwitch(one.record, one.memory, sight, event.reason, event.onto_unknown, moves);
      break;
    case SwitchOrder::kCommit:
      status = CommitSwitch(one.record, one.memory, sight, moves);
      break;
  }
  host.Answer({.request_id = event.request_id, .status = status, .decision = decision});
  if (!status.ok()) return;
  Follow(desk, host, event.name, one, moves);
  // What was ordered is begun in the same step.
  const auto still = desk.switches.find(event.name);
  if (still != desk.switches.end()) Look(desk, host, event.name, still->second);
}

void ForgetReadings(SwitchDesk& desk, absl::Time now) {
  desk.readings_from = now + kReadingTakes;
  for (auto& [name, one] : desk.switches) {
    for (auto& [key, route] : one.routes) route.reading.reset();
  }
}

void OnRouteRead(SwitchDesk& desk, SwitchHost& host, const RouteRead& event) {
  if (host.Now() < desk.readings_from) return;
  ForEach(desk, [&](const std::string& name, Switch& one) {
    const auto route = one.routes.find(event.key);
    if (route == one.routes.end()) return;
    route->second.reading = event.reading;
    route->second.abilities = event.abilities;
    route->second.known = true;
    if (!route->second.pending) route->second.away_since = absl::InfiniteFuture();
    Look(desk, host, name, one);
  });
}

void OnRouteLost(SwitchDesk& desk, SwitchHost& host, const RouteLost& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    const auto route = one.routes.find(event.key);
    if (route == one.routes.end()) return;
    route->second.reading.reset();
    route->second.known = event.known;
    route->second.detail = event.detail;
    route->second.away_since = std::min(route->second.away_since, host.Now());
    Look(desk, host, name, one);
  });
}

void OnBackendChecked(SwitchDesk& desk, SwitchHost& host, const BackendChecked& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    for (auto& [key, route] : one.routes) {
      if (route.check_request != event.request_id) continue;
      route.checks = event.servers;
      return Look(desk, host, name, one);
    }
  });
}

void OnApplicationObserved(SwitchDesk& desk, SwitchHost& host, const ApplicationObserved& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    if (!Concerns(one, event.cluster, event.application)) return;
    ApplicationFacts& facts = one.applications[{event.cluster, event.application}];
    const bool others = facts.controllers != event.facts.controllers || facts.pods != event.facts.pods;
    facts = event.facts;
    one.missing.erase({event.cluster, event.application});
    if (others) host.FloorsChange(event.cluster, event.application.name_space);
    Look(desk, host, name, one);
  });
}

void OnApplicationGone(SwitchDesk& desk, SwitchHost& host, const ApplicationGone& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    if (!Concerns(one, event.cluster, event.application)) return;
    one.applications.erase({event.cluster, event.application});
    one.missing[{event.cluster, event.application}] = event.reason;
    host.FloorsChange(event.cluster, event.application.name_space);
    Look(desk, host, name, one);
  });
}

void OnProbesTold(SwitchDesk& desk, SwitchHost& host, const ProbesTold& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    if (one.decision != event.decision) return;
    one.probed = true;
    one.unknown_side = event.unknown_side;
    NoteProbes(one.record.ledger, event.run, event.totals, event.failures);
    // A lost request is never forgotten, whatever happens to the process.
    if (!event.failures.empty()) host.Write(*one.decision, one.record);
    Look(desk, host, name, one);
  });
}

void OnHookAnswered(SwitchDesk& desk, SwitchHost& host, const HookAnswered& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    if (one.decision != event.decision) return;
    const auto asked = one.hooks_asked.find(event.hook);
    if (asked == one.hooks_asked.end()) return;
    one.hooks[event.hook] = {event.verdict, event.detail, asked->second};
    Look(desk, host, name, one);
  });
}

void OnWishAnswered(SwitchDesk& desk, SwitchHost& host, const ActionFinished& event) {
  ForEach(desk, [&](const std::string& name, Switch& one) {
    if (one.decision != event.decision) return;
    for (const SwitchedRoute& switched : one.record.spec.routes) {
      RouteDesk& route = one.routes[switched.key];
      // What another wish has taken the place of is not waited for any more.
      if (!route.pending || route.pending->number != event.number) continue;
      TakeAnswer(one.record, switched, route, event, host.Now());
      // That it was read back is kept: after a restart it is written over nobody else's change.
      if (const auto known = one.record.routes.find(switched.key);
          known != one.record.routes.end() && known->second.written) {
        host.Write(*one.decision, one.record);
      }
      return Look(desk, host, name, one);
    }
  });
}

void OnSwitchDue(SwitchDesk& desk, SwitchHost& host, const std::string& name) {
  const auto found = desk.switches.find(name);
  if (found != desk.switches.end()) Look(desk, host, name, found->second);
}

void RestoreOnDesk(SwitchDesk& desk, SwitchHost& host, const DecisionId& decision, uint32_t actions,
                   SwitchRecord record) {
  const std::string name = record.spec.name;
  Switch& one = desk.switches[name];
  one.record = std::move(record);
  one.decision = decision;
  one.actions = actions;
  RestoreSwitch(one.record, one.memory, host.Now());
  if (one.record.phase == SwitchPhase::kPreflight) {
    BeginPreflight(desk, host, one);
    // A coordinator that has just started sees little at first, whatever hurry there is (L2).
    one.preflight_until = host.Now() + kPreflightTime;
  } else {
    WatchRoutes(desk, host, one, kReadOften);
    WatchApplications(host, one);
  }
  if (!one.record.spec.prober.url.empty()) host.Ask(StartProber{decision, one.record.spec});
  host.WakeAt(name, host.Now() + kReadOften);
}

SwitchStatus StatusOf(const Switch& one) {
  SwitchStatus status{.decision = one.decision.value_or(DecisionId{}),
                      .record = one.record,
                      .gates = one.memory.gates,
                      .waits_for = one.memory.waits_for,
                      .findings = one.findings.value_or(std::vector<Finding>{}),
                      .routes = {}};
  for (const auto& [key, route] : one.routes) {
    if (route.reading) status.routes[key] = *route.reading;
  }
  return status;
}

}  // namespace evenkeel::coordinator
