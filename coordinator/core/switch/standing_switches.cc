#include "coordinator/core/switch/standing_switches.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/switch/lost_cluster.h"

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
    one.lost = one.followed = false;
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

// Once an episode: switched, asked, or why not.
void FollowLoss(StandingSwitch& one, SwitchDesk& desk, StandingHost& host) {
  if (one.followed || host.Now() < one.retry_at) return;
  one.followed = true;
  const LostClusterPolicy& policy = one.policy;
  const std::string& to = policy.spec.to;
  if (policy.on_lost == OnLostCluster::kOff) {
    return host.TellLost(policy, one.watch.answer, "the policy says to do nothing");
  }
  if (policy.on_lost == OnLostCluster::kAsk || policy.spec.mode == SwitchMode::kObserve) {
    return host.TellLost(
        policy, one.watch.answer,
        absl::StrCat("its traffic could go to cluster ", to, ": start the switch if it shall"));
  }
  one.decision = StartForLostCluster(desk, host, SpecForLostCluster(policy.spec), one.record.needed);
  if (!one.decision) {
    host.TellLost(policy, one.watch.answer, "another switch has the application or a route under way");
  }
}

void WatchAll(StandingHost& host, const StandingSwitch& one, absl::Duration period) {
  for (const SwitchedRoute& route : one.policy.spec.routes) {
    host.Ask(WatchRoute{.key = route.key, .parts = route.parts, .period = period});
  }
}

}  // namespace

std::string StandingTimer(const std::string& policy) {
  return absl::StrCat("\tstanding ", policy);  // no switch can have this name
}

void PutStanding(StandingDesk& standing, StandingHost& host, const LostClusterPolicy& policy,
                 const std::optional<StandingRecord>& record) {
  StandingSwitch& one = standing.standing[policy.name];
  const bool same_cluster = one.policy.spec.from == policy.spec.from;
  one.policy = policy;
  if (!same_cluster) one.watch = {};
  one.routes.clear();
  one.since_doubt.clear();
  one.in_doubt = one.lost = one.followed = false;
  if (record) one.record = *record;
  one.record.policy = policy.name;
  WatchAll(host, one, kReadSeldom);
  for (const std::string& cluster : {policy.spec.from, policy.spec.to}) {
    for (const Application& application : policy.spec.applications) {
      host.Ask(WatchApplication{cluster, application});
    }
  }
  host.WakeAt(StandingTimer(policy.name), host.Now());
}

void EraseStanding(StandingDesk& standing, StandingHost& host, const std::string& policy) {
  if (standing.standing.erase(policy) == 0) return;
  std::erase_if(standing.asks, [&policy](const auto& entry) { return entry.second == policy; });
  host.Forget(policy);
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
    host.WakeAt(StandingTimer(name), host.Now());
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
  for (const auto& [name, one] : standing.standing) {
    if (one.policy.spec.from == cluster) host.WakeAt(StandingTimer(name), host.Now());
  }
}

void OnStandingDue(StandingDesk& standing, SwitchDesk& desk, StandingHost& host, const std::string& policy) {
  const auto found = standing.standing.find(policy);
  if (found == standing.standing.end()) return;
  StandingSwitch& one = found->second;
  const std::string cluster = one.policy.spec.from;
  LossView view = host.ViewOf(cluster);
  view.gateways = VoicesOf(one);
  const bool was_in_doubt = one.in_doubt;
  const LossMoves moves = LookAtCluster(one.watch, one.policy.rules, view, standing.ids);
  NoteDoubt(one, moves.in_doubt);
  if (one.in_doubt != was_in_doubt) WatchAll(host, one, one.in_doubt ? kReadOften : kReadSeldom);
  if (one.in_doubt && !moves.asks.empty()) CountAnew(one);
  for (const OutsideAsk& ask : moves.asks) {
    standing.asks[ask.id] = policy;
    host.AskOutside(cluster, ask);
  }
  // Asks that nobody answered are forgotten with their round.
  std::erase_if(standing.asks, [&](const auto& entry) {
    return entry.second == policy && (!one.watch.round || !one.watch.round->asks.contains(entry.first));
  });
  one.lost = moves.lost;
  if (one.lost) FollowLoss(one, desk, host);
  if (one.unwritten_since && view.now - *one.unwritten_since >= kRememberEvery) WriteRecord(host, one);
  host.WakeAt(StandingTimer(policy), moves.look_at);
}

void OnStandingEnded(StandingDesk& standing, const DecisionId& decision, SwitchEnd end, absl::Time now) {
  for (auto& [name, one] : standing.standing) {
    if (one.decision != decision) continue;
    one.decision.reset();
    if (end != SwitchEnd::kRefused) continue;
    one.followed = false;
    one.retry_at = now + kRetryLost;
  }
}

bool IsLost(const StandingDesk& standing, const std::string& cluster) {
  return std::any_of(standing.standing.begin(), standing.standing.end(), [&cluster](const auto& entry) {
    return entry.second.policy.spec.from == cluster && entry.second.lost;
  });
}

}  // namespace evenkeel::coordinator
