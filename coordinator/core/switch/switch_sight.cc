#include "coordinator/core/switch/switch_sight.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::coordinator {
namespace {

// How many pods of the application may be Ready on other nodes than these (`dead`: than the dead ones of
// them). Which of its pods are Ready is not told by node: as many as there are on others, at most.
uint32_t ReadyBeside(const ApplicationFacts& facts, const std::vector<BadNode>& bad, bool dead) {
  uint32_t there = 0;
  for (const BadNode& one : bad) {
    const auto found = facts.nodes.find(one.node);
    if (found != facts.nodes.end() && (one.dead || !dead)) there += found->second;
  }
  return std::min(facts.ready, facts.pods - std::min(facts.pods, there));
}

SideSight SideOf(const Switch& one, const SwitchHost& host, const std::string& cluster) {
  const ClusterFacts facts = host.GlanceAt(cluster);
  SideSight sight{.api_reachable = facts.known && facts.api_reachable,
                  .api_detail = facts.known ? facts.api_detail : "the coordinator does not watch it",
                  .blind = facts.blind,
                  .blind_reason = facts.blind_reason,
                  .lost = facts.lost,
                  .bad_node = {}};
  std::map<std::string, uint32_t> nodes;
  std::vector<std::pair<const ApplicationFacts*, uint32_t>> all;  // and how many pods of it are needed
  for (const Application& application : one.record.spec.applications) {
    const auto needed = one.record.needed.find(application);
    const uint32_t pods = needed == one.record.needed.end() ? 1 : needed->second;
    sight.pods_needed += pods;
    const auto seen = one.applications.find({cluster, application});
    if (seen == one.applications.end()) {
      const auto why = one.missing.find({cluster, application});
      if (sight.unseen.empty()) {
        sight.unseen = absl::StrCat("the pods of ", application.ToString(), " are not seen",
                                    Because(why == one.missing.end() ? "not read yet" : why->second));
      }
      continue;
    }
    all.emplace_back(&seen->second, pods);
    // What one application has too many makes up for none of another.
    sight.pods_ready += std::min(seen->second.ready, pods);
    for (const auto& [node, count] : seen->second.nodes) nodes[node] += count;
  }
  const std::vector<BadNode> bad = host.BadNodes(cluster, nodes);
  sight.bad_nodes = static_cast<uint32_t>(bad.size());
  if (!bad.empty()) sight.bad_node = bad.front().node;
  for (const auto& [facts, pods] : all) {
    const uint32_t ready = std::min(facts->ready, pods);
    sight.ready_on_dead += ready - std::min(ready, ReadyBeside(*facts, bad, true));
    sight.ready_on_bad += ready - std::min(ready, ReadyBeside(*facts, bad, false));
  }
  return sight;
}

std::string HeldBy(const Switch& one, const SwitchHost& host) {
  for (const std::string& cluster : {one.record.spec.from, one.record.spec.to}) {
    if (host.GlanceAt(cluster).paused) return absl::StrCat("the end of the pause of cluster ", cluster);
  }
  return "";
}

std::map<Application, ApplicationFacts> ApplicationsIn(const Switch& one, const std::string& cluster) {
  std::map<Application, ApplicationFacts> found;
  for (const auto& [key, facts] : one.applications) {
    if (key.first == cluster) found[key.second] = facts;
  }
  return found;
}

std::map<Application, std::string> MissingIn(const Switch& one, const std::string& cluster) {
  std::map<Application, std::string> missing;
  for (const auto& [key, why] : one.missing) {
    if (key.first == cluster) missing[key.second] = why;
  }
  return missing;
}

}  // namespace

bool Concerns(const Switch& one, const std::string& cluster, const Application& application) {
  const SwitchSpec& spec = one.record.spec;
  return (cluster == spec.from || cluster == spec.to) &&
         std::find(spec.applications.begin(), spec.applications.end(), application) !=
             spec.applications.end();
}

bool IsComplete(const Switch& one) {
  const bool routes = std::all_of(one.routes.begin(), one.routes.end(), [](const auto& entry) {
    const RouteDesk& route = entry.second;
    return route.reading ? route.checks.has_value() : route.away_since != absl::InfiniteFuture();
  });
  if (!routes) return false;
  // Who answers is asked of the prober where answers are to tell; a lost cluster's clients have no time.
  const bool tells = one.decision && !one.record.spec.prober.url.empty() &&
                     !one.record.spec.prober.side_header.empty() &&
                     one.record.origin == SwitchOrigin::kOperator;
  if (tells && !one.probed) return false;
  for (const std::string& cluster : {one.record.spec.from, one.record.spec.to}) {
    for (const Application& application : one.record.spec.applications) {
      const bool answered =
          one.applications.contains({cluster, application}) || one.missing.contains({cluster, application});
      // A lost cluster will not tell.
      const bool asked = one.record.origin == SwitchOrigin::kOperator || cluster == one.record.spec.to;
      if (asked && !answered) return false;
    }
  }
  return true;
}

std::map<Application, uint32_t> ReadyIn(const Switch& one, const std::string& cluster) {
  std::map<Application, uint32_t> ready;
  for (const Application& application : one.record.spec.applications) {
    const auto seen = one.applications.find({cluster, application});
    ready[application] = seen == one.applications.end() ? 0 : seen->second.ready;
  }
  return ready;
}

PreflightFacts FactsOf(const Switch& one, const SwitchHost& host, const std::set<std::string>& conflicts) {
  const auto& spans = one.record.ledger.spans;
  PreflightFacts facts{.now = host.Now(),
                       .began = spans.empty() ? std::nullopt : std::optional(spans.front().begin),
                       .of_lost_blue = one.record.origin == SwitchOrigin::kLostCluster,
                       .blue = host.FactsOf(one.record.spec.from),
                       .green = host.FactsOf(one.record.spec.to),
                       .blue_applications = ApplicationsIn(one, one.record.spec.from),
                       .green_applications = ApplicationsIn(one, one.record.spec.to),
                       .blue_missing = MissingIn(one, one.record.spec.from),
                       .green_missing = MissingIn(one, one.record.spec.to),
                       .needed = one.record.needed,
                       .routes = {},
                       .conflicts = conflicts,
                       .unknown_side = one.unknown_side};
  for (const auto& [key, route] : one.routes) {
    facts.routes[key] = {.known = route.known,
                         .reading = route.reading,
                         .detail = route.detail,
                         .abilities = route.abilities,
                         .checks = route.checks};
  }
  return facts;
}

SwitchSight SightOf(const Switch& one, const SwitchHost& host) {
  SwitchSight sight{.now = host.Now(),
                    .routes = {},
                    .blue = SideOf(one, host, one.record.spec.from),
                    .green = SideOf(one, host, one.record.spec.to),
                    .hooks = one.hooks,
                    .findings = one.findings,
                    .held = HeldBy(one, host)};
  for (const auto& [key, route] : one.routes) {
    RouteSight& seen = sight.routes[key];
    seen.reading = route.reading;
    seen.checks_servers = route.abilities.checks_servers;
    seen.detail = route.detail;
    seen.away_since = route.away_since;
    seen.write = route.answer;
    if (!route.pending) continue;
    seen.write = WriteState::kUnderWay;
    seen.under_way = route.pending->wish.shape;
  }
  return sight;
}

void TakeAnswer(SwitchRecord& record, const SwitchedRoute& switched, RouteDesk& route,
                const ActionFinished& answer, absl::Time now) {
  route.detail = answer.detail;
  PendingWish& pending = *route.pending;
  const auto settle = [&route](WriteState state) {
    route.answer = state;
    route.pending.reset();
    route.away_since = absl::InfiniteFuture();
  };
  switch (answer.outcome) {
    case ActionOutcome::kDone:
    case ActionOutcome::kAlreadyDone:
      if (route.reading && IsShaped(switched, *route.reading, pending.wish.shape)) {
        NoteWritten(record, switched.key, *route.reading);
        return settle(WriteState::kNone);
      }
      route.detail = "it says that it is done, and does not show it";
      break;  // never assumed: it is asked again
    case ActionOutcome::kBlocked:
      return settle(WriteState::kBlocked);
    case ActionOutcome::kNotMine:
      return settle(WriteState::kOutranked);
    case ActionOutcome::kRefused:
    case ActionOutcome::kNotKnownThere:
      // On the way back there is nothing else to be wished.
      if (record.phase == SwitchPhase::kRollingBack) break;
      return settle(WriteState::kRefused);
    case ActionOutcome::kWithdrawn:
      return settle(WriteState::kNone);
    case ActionOutcome::kUnreachable:
      break;
  }
  pending.handed_out = false;
  pending.pause = std::clamp(pending.pause * 2, kFirstAskAgain, kLastAskAgain);
  pending.ask_at = now + pending.pause;
  route.away_since = std::min(route.away_since, now);
}

}  // namespace evenkeel::coordinator
