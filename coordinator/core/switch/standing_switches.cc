#include "coordinator/core/switch/standing_switches.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "coordinator/core/switch/lost_cluster.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::coordinator {
namespace {

const SwitchedRoute* RouteOf(const StandingSwitch& one, const RouteKey& key) {
  for (const SwitchedRoute& route : one.policy.spec.routes) {
    if (route.key == key) return &route;
  }
  return nullptr;
}

std::vector<GatewayVoice> VoicesOf(const StandingSwitch& one) {
  std::vector<GatewayVoice> voices;
  for (const SwitchedRoute& route : one.policy.spec.routes) {
    GatewayVoice voice;
    voice.gateway = route.key.gateway;
    const auto reading = one.routes.find(route.key);
    voice.read = reading != one.routes.end();
    if (voice.read) {
      const auto blue = reading->second.backends.find(route.blue);
      if (blue != reading->second.backends.end()) {
        voice.servers_up = blue->second.servers_up;
        // Without checks of its own a gateway calls every server up.
        voice.checks = one.abilities.at(route.key).checks_servers;
      }
    }
    if (const auto count = one.since_doubt.find(route.key); count != one.since_doubt.end()) {
      const SideCount answered = count->second.Total().blue;
      voice.answered = answered.requests - std::min(answered.requests, answered.Bad());
    }
    voices.push_back(std::move(voice));
  }
  return voices;
}

void NoteDoubt(StandingSwitch& one, bool in_doubt) {
  if (one.in_doubt == in_doubt) return;
  one.in_doubt = in_doubt;
  one.since_doubt.clear();
  if (!in_doubt) {
    one.lost = one.followed = one.told_busy = false;
    one.retry_at = absl::InfinitePast();
  }
}

// What its side has answered counts for one round: a request that was on its way when the cluster died must
// not keep it alive for ever. A route that was not read since begins with its next reading.
void CountAnew(StandingSwitch& one) {
  for (auto& [key, count] : one.since_doubt) {
    count.from = count.last;
    count.before = {};
  }
}

void WriteRecord(StandingHost& host, StandingSwitch& one) {
  one.unwritten_since.reset();
  host.Remember(one.record);
}

// Where every gateway sends nobody there, there is nothing to be switched.
bool HasNoTraffic(const StandingSwitch& one) {
  return std::all_of(one.policy.spec.routes.begin(), one.policy.spec.routes.end(),
                     [&one](const SwitchedRoute& route) {
                       const auto reading = one.routes.find(route.key);
                       if (reading == one.routes.end()) return false;
                       const auto blue = reading->second.backends.find(route.blue);
                       return blue != reading->second.backends.end() && blue->second.percent == 0;
                     });
}

// Why no switch begins; empty: one does.
std::string WhyNot(const StandingSwitch& one) {
  const LostClusterPolicy& policy = one.policy;
  if (policy.on_lost == OnLostCluster::kOff) return "the policy says to do nothing";
  if (HasNoTraffic(one)) return "no gateway sends it anything, so nothing has to go elsewhere";
  if (policy.spec.mode == SwitchMode::kObserve) {
    return absl::StrCat("the policy observes: its traffic would go to cluster ", policy.spec.to);
  }
  return "";
}

absl::Time RetryAt(const StandingSwitch& one, absl::Time now) {
  const bool long_lost = one.watch.lost_since && now - *one.watch.lost_since >= kLongLost;
  return now + (long_lost ? kRetryLongLost : kRetryLost);
}

// Another switch is in the way: it may end without having moved anything, so it is tried again. Said once.
void WaitForOthers(StandingSwitch& one, StandingHost& host, const absl::Status& why) {
  one.followed = false;
  one.retry_at = RetryAt(one, host.Now());
  if (one.told_busy) return;
  one.told_busy = true;
  host.TellLost(one.policy, one.watch.answer, std::string(why.message()));
}

// Once an episode: switched, asked, or why not.
void FollowLoss(StandingSwitch& one, SwitchDesk& desk, StandingHost& host) {
  if (one.followed || host.Now() < one.retry_at) return;
  one.followed = true;
  const LostClusterPolicy& policy = one.policy;
  const LossAnswer& loss = one.watch.answer;
  if (const std::string why = WhyNot(one); !why.empty()) return host.TellLost(policy, loss, why);
  const bool ask = policy.on_lost == OnLostCluster::kAsk;
  const absl::StatusOr<DecisionId> decision =
      StartForLostCluster(desk, host, SpecForLostCluster(policy.spec, ask), one.record.needed);
  if (!decision.ok()) return WaitForOthers(one, host, decision.status());
  one.decision = *decision;
  host.Happened(*decision, absl::StrCat("Cluster ", policy.spec.from, " is lost: ", loss.reason));
  if (ask) host.Happened(*decision, "The policy asks: it begins when an operator approves it");
}

// What has not begun to move is not needed any more once the cluster is seen to live; another loss is another
// episode.
void EndUnneeded(StandingSwitch& one, SwitchDesk& desk, StandingHost& host) {
  const ClusterLife life = one.watch.answer.life;
  if (!one.decision || (life != ClusterLife::kAlive && life != ClusterLife::kCutOff)) return;
  const bool ended =
      EndUnmoved(desk, host, *one.decision,
                 absl::StrCat("Cluster ", one.policy.spec.from, " lives: it ends before anything was moved"));
  if (!ended) return;
  one.followed = false;
  one.retry_at = host.Now() + kRetryLost;
}

void WatchAll(StandingHost& host, const StandingSwitch& one, absl::Duration period) {
  for (const SwitchedRoute& route : one.policy.spec.routes) {
    host.Ask(WatchRoute{.key = route.key, .parts = PartsOf(route), .period = period});
  }
}

// What of it is needed for others is kept: Shared.
void UnwatchAll(StandingHost& host, const SwitchSpec& spec) {
  for (const SwitchedRoute& route : spec.routes) {
    host.Ask(WatchRoute{.key = route.key, .parts = {}, .period = absl::ZeroDuration()});
  }
  for (const std::string& cluster : {spec.from, spec.to}) {
    for (const Application& application : spec.applications) {
      host.Ask(UnwatchApplication{cluster, application});
    }
  }
}

void LookAt(StandingHost& host, StandingSwitch& one, absl::Time time) {
  if (time >= one.due) return;
  one.due = time;
  host.WakeAt(StandingTimer(one.policy.name()), time);
}

// How often the route is read for switches under way and for standing ones; zero: nobody needs it.
absl::Duration PeriodOf(const SwitchDesk& desk, const StandingDesk& standing, const RouteKey& key) {
  absl::Duration least = absl::InfiniteDuration();
  for (const auto& [name, one] : desk.switches) {
    const auto route = one.routes.find(key);
    if (route != one.routes.end() && route->second.watched) {
      least = std::min(least, route->second.watched->period);
    }
  }
  for (const auto& [name, one] : standing.standing) {
    if (RouteOf(one, key) != nullptr) least = std::min(least, one.in_doubt ? kReadOften : kReadSeldom);
  }
  return least == absl::InfiniteDuration() ? absl::ZeroDuration() : least;
}

bool Names(const SwitchSpec& spec, const std::string& cluster, const Application& application) {
  return (spec.from == cluster || spec.to == cluster) &&
         std::find(spec.applications.begin(), spec.applications.end(), application) !=
             spec.applications.end();
}

// The servers of its backends: as the switch under way has them that has the route; then as a standing one
// has. A plan sees what those see, for what is asked last is what the gateway goes by.
void SettleParts(const SwitchDesk& desk, const StandingDesk& standing, WatchRoute& watch) {
  for (const auto& [name, one] : desk.switches) {
    const auto route = one.routes.find(watch.key);
    if (!one.decision || route == one.routes.end() || !route->second.watched) continue;
    watch.parts = route->second.watched->parts;
    return;
  }
  for (const auto& [name, one] : standing.standing) {
    const SwitchedRoute* route = RouteOf(one, watch.key);
    if (route == nullptr) continue;
    watch.parts = PartsOf(*route);
    return;
  }
}

constexpr char kTimerPrefix[] = "\tstanding ";  // no switch can have this name

}  // namespace

std::string StandingTimer(const std::string& policy) {
  return absl::StrCat(kTimerPrefix, policy);
}

std::optional<std::string> PolicyOfTimer(const std::string& timer) {
  absl::string_view policy = timer;
  if (!absl::ConsumePrefix(&policy, kTimerPrefix)) return std::nullopt;
  return std::string(policy);
}

void PutStanding(StandingDesk& standing, StandingHost& host, const LostClusterPolicy& policy,
                 const std::optional<StandingRecord>& record) {
  StandingSwitch& one = standing.standing[policy.name()];
  const SwitchSpec before = one.policy.spec;
  if (before.from != policy.spec.from) one.watch = {};
  one.policy = policy;
  one.routes.clear();
  one.abilities.clear();
  one.since_doubt.clear();
  one.in_doubt = one.lost = one.told_busy = false;
  one.followed = one.decision.has_value();
  if (record) one.record = *record;
  one.record.policy = policy.name();
  const std::vector<Application>& named = policy.spec.applications;
  std::erase_if(one.record.needed, [&](const auto& entry) {
    const bool is_named = std::find(named.begin(), named.end(), entry.first) != named.end();
    return !is_named || (!record && before.from != policy.spec.from);
  });
  UnwatchAll(host, before);
  WatchAll(host, one, kReadSeldom);
  for (const std::string& cluster : {policy.spec.from, policy.spec.to}) {
    for (const Application& application : policy.spec.applications) {
      host.Ask(WatchApplication{cluster, application});
    }
  }
  one.due = absl::InfiniteFuture();
  LookAt(host, one, host.Now());
}

void EraseStanding(StandingDesk& standing, StandingHost& host, const std::string& policy) {
  const auto found = standing.standing.find(policy);
  if (found == standing.standing.end()) return;
  const SwitchSpec spec = std::move(found->second.policy.spec);
  standing.standing.erase(found);
  std::erase_if(standing.asks, [&policy](const auto& entry) { return entry.second == policy; });
  UnwatchAll(host, spec);
  host.Forget(policy);
}

void AdoptSwitches(StandingDesk& standing, const SwitchDesk& desk) {
  for (auto& [policy, one] : standing.standing) {
    const auto found = desk.switches.find(one.policy.spec.name);
    if (found == desk.switches.end() || found->second.record.origin != SwitchOrigin::kLostCluster) continue;
    one.decision = found->second.decision;
    one.followed = one.decision.has_value();
  }
}

std::optional<SwitchRequest> Shared(const SwitchDesk& desk, const StandingDesk& standing,
                                    SwitchRequest request) {
  if (auto* watch = std::get_if<WatchRoute>(&request)) {
    const absl::Duration needed = PeriodOf(desk, standing, watch->key);
    if (needed == absl::ZeroDuration()) return request;
    SettleParts(desk, standing, *watch);
    watch->period = watch->period == absl::ZeroDuration() ? needed : std::min(watch->period, needed);
    return request;
  }
  const auto* leave = std::get_if<UnwatchApplication>(&request);
  if (leave == nullptr) return request;
  const bool stands = std::any_of(standing.standing.begin(), standing.standing.end(), [&](const auto& entry) {
    return Names(entry.second.policy.spec, leave->cluster, leave->application);
  });
  const bool goes_on = std::any_of(desk.switches.begin(), desk.switches.end(), [&](const auto& entry) {
    return Names(entry.second.record.spec, leave->cluster, leave->application);
  });
  if (stands || goes_on) return std::nullopt;
  return request;
}

StandingStatus StatusOf(const StandingSwitch& one, absl::Time now) {
  return {.policy = one.policy.name(),
          .cluster = one.policy.spec.from,
          .life = one.watch.answer.life,
          .reason = one.watch.answer.reason,
          .witnesses = ProvenWitnesses(one.watch, false, now),
          .api_witnesses = ProvenWitnesses(one.watch, true, now),
          .decision = one.decision};
}

void OnStandingRead(StandingDesk& standing, StandingHost& host, const RouteRead& event) {
  for (auto& [name, one] : standing.standing) {
    const SwitchedRoute* route = RouteOf(one, event.key);
    if (route == nullptr) continue;
    one.routes[event.key] = event.reading;
    one.abilities[event.key] = event.abilities;
    if (!one.in_doubt) continue;
    const auto count = one.since_doubt.find(event.key);
    if (count == one.since_doubt.end()) {
      one.since_doubt[event.key] = BeginCount(*route, event.reading);
    } else {
      NoteCount(count->second, *route, event.reading);
    }
    LookAt(host, one, std::max(host.Now(), one.looked + kLookAtNews));
  }
}

void OnStandingLost(StandingDesk& standing, const RouteLost& event) {
  for (auto& [name, one] : standing.standing) one.routes.erase(event.key);
}

void OnStandingApplication(StandingDesk& standing, StandingHost& host, const ApplicationObserved& event) {
  for (auto& [name, one] : standing.standing) {
    const auto& applications = one.policy.spec.applications;
    const bool concerns =
        event.cluster == one.policy.spec.from &&
        std::find(applications.begin(), applications.end(), event.application) != applications.end();
    // What is seen while it is in doubt may be its end already.
    if (!concerns || one.in_doubt || event.facts.ready == 0) continue;
    uint32_t& known = one.record.needed[event.application];
    if (known == event.facts.ready) continue;
    known = event.facts.ready;
    if (!one.unwritten_since) one.unwritten_since = host.Now();
  }
}

void OnOutsideAnswered(StandingDesk& standing, uint64_t id, Reach reach, absl::Time now) {
  const auto ask = standing.asks.find(id);
  if (ask == standing.asks.end()) return;
  const auto one = standing.standing.find(ask->second);
  if (one != standing.standing.end()) NoteOutside(one->second.watch, id, reach, now);
  standing.asks.erase(ask);
}

void OnClusterChanged(StandingDesk& standing, StandingHost& host, const std::string& cluster) {
  for (auto& [name, one] : standing.standing) {
    if (one.policy.spec.from == cluster) LookAt(host, one, std::max(host.Now(), one.looked + kLookAtNews));
  }
}

void OnStandingDue(StandingDesk& standing, SwitchDesk& desk, StandingHost& host, const std::string& policy) {
  const auto found = standing.standing.find(policy);
  if (found == standing.standing.end()) return;
  StandingSwitch& one = found->second;
  LossView view = host.ViewOf(one.policy);
  view.gateways = VoicesOf(one);
  const bool was_in_doubt = one.in_doubt;
  const LossMoves moves = LookAtCluster(one.watch, one.policy.rules, view, standing.ids);
  NoteDoubt(one, moves.in_doubt);
  if (one.in_doubt != was_in_doubt) WatchAll(host, one, one.in_doubt ? kReadOften : kReadSeldom);
  if (one.in_doubt && !moves.asks.empty()) CountAnew(one);
  if (moves.ask_api) host.AskApi(one.policy.spec.from);
  for (const OutsideAsk& ask : moves.asks) {
    standing.asks[ask.id] = policy;
    host.AskOutside(one.policy, ask);
  }
  // Asks that nobody answered are forgotten with their round.
  std::erase_if(standing.asks, [&](const auto& entry) {
    return entry.second == policy && (!one.watch.round || !one.watch.round->asks.contains(entry.first));
  });
  one.lost = moves.lost;
  if (one.lost) FollowLoss(one, desk, host);
  EndUnneeded(one, desk, host);
  if (one.unwritten_since && view.now - *one.unwritten_since >= kRememberEvery) WriteRecord(host, one);
  one.looked = view.now;
  one.due = absl::InfiniteFuture();
  LookAt(host, one, moves.look_at);
}

void OnStandingEnded(StandingDesk& standing, const DecisionId& decision, SwitchEnd end, absl::Time now) {
  for (auto& [name, one] : standing.standing) {
    if (one.decision != decision) continue;
    one.decision.reset();
    if (end != SwitchEnd::kRefused) continue;
    one.followed = false;
    one.retry_at = RetryAt(one, now);
  }
}

bool IsLost(const StandingDesk& standing, const std::string& cluster) {
  return std::any_of(standing.standing.begin(), standing.standing.end(), [&cluster](const auto& entry) {
    return entry.second.policy.spec.from == cluster && entry.second.lost;
  });
}

}  // namespace evenkeel::coordinator
