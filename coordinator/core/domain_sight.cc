#include "coordinator/core/domain_sight.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/storm.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {
namespace {

const DomainStanding* StandingOf(const Cluster& cluster, const std::string& domain) {
  const auto found = cluster.standings.domains.find(domain);
  return found == cluster.standings.domains.end() ? nullptr : &found->second;
}

// Why the domain cannot be trusted; empty: it can.
std::string Doubt(const Cluster& cluster, const std::string& domain) {
  const DomainStanding* standing = StandingOf(cluster, domain);
  if (domain.empty() || standing == nullptr || cluster.standings.domains.size() < 2) return "";
  if (MassSilence(cluster)) return "";  // the whole cluster is in doubt
  const size_t most = DomainBudget(cluster.policy, standing->nodes);
  if (standing->silent.size() <= most) return "";
  return absl::StrCat(standing->silent.size(), " of ", Count(standing->nodes, "node"), " of ", domain,
                      " are silent at once (", SomeNames(standing->silent), ") and at most ", most,
                      " may be: the way to ", domain, " is in doubt before their lives");
}

void OpenRecord(Turn& turn, Cluster& cluster, const std::string& domain, DomainSight& sight) {
  OpenDecision& open = turn.Open(DecisionKind::kBlind, cluster);
  sight.decision = open.decision.id;
  open.decision.timings.detected = turn.now;
  open.decision.timings.judged = turn.now;
  open.decision.summary = absl::StrCat(
      "Nobody in ", domain, " is judged dead and nothing is done to its nodes ", "for now: ", sight.reason);
  open.decision.evidence.push_back({turn.now, "coordinator", sight.reason, Direction::kNeither});
}

void CloseRecord(Turn& turn, const std::string& domain, DomainSight& sight, size_t silent) {
  OpenDecision* open = turn.FindOpen(sight.decision);
  sight.decision.reset();
  if (open == nullptr) return;
  turn.Close(*open, DecisionState::kSucceeded,
             absl::StrCat("Sight of ", domain, " was regained after ", Say(turn.now - sight.since),
                          silent == 0 ? ", and none of its nodes is silent"
                                      : absl::StrCat(". ", Count(silent, "node"),
                                                     " still silent: checked from the start")));
}

void TellOf(Turn& turn, const Cluster& cluster, const std::string& domain, const DomainSight& sight) {
  turn.Tell(DomainSightChanged{.cluster = cluster.name,
                               .domain = domain,
                               .blind = sight.blind,
                               .reason = sight.blind ? sight.reason : "",
                               .since = sight.blind ? sight.since : turn.now});
}

void LoseSight(Turn& turn, Cluster& cluster, const std::string& domain, std::string reason) {
  DomainSight& sight = cluster.domain_sights[domain];
  sight.blind = true;
  sight.reason = std::move(reason);
  sight.since = turn.now;
  sight.clear_since = absl::InfiniteFuture();
  TellOf(turn, cluster, domain, sight);
  OpenRecord(turn, cluster, domain, sight);
  NoteStorm(turn, cluster, sight.reason);
  Freeze(turn, cluster, sight.reason,
         [&domain](const Node& node) { return node.facts && node.facts->failure_domain == domain; });
}

void RegainSight(Turn& turn, Cluster& cluster, const std::string& domain, DomainSight& sight) {
  const DomainStanding* standing = StandingOf(cluster, domain);
  NoteStorm(turn, cluster, sight.reason);
  sight.blind = false;
  sight.clear_since = turn.now + kReturnGrace;
  TellOf(turn, cluster, domain, sight);
  CloseRecord(turn, domain, sight, standing == nullptr ? 0 : standing->silent.size());
  if (standing == nullptr) {
    cluster.domain_sights.erase(domain);
    return;
  }
  for (const std::string& name : standing->silent) {
    turn.state.timers.Set({TimerKind::kCheck, {cluster.name, name}, {}}, turn.now);
  }
}

const DomainSight* SightOf(const Cluster& cluster, const Node& node) {
  const auto sight = cluster.domain_sights.find(node.standing.domain);
  return sight == cluster.domain_sights.end() ? nullptr : &sight->second;
}

}  // namespace

void UpdateDomainSight(Turn& turn, Cluster& cluster, const std::string& domain) {
  const auto known = cluster.domain_sights.find(domain);
  const bool was_blind = known != cluster.domain_sights.end() && known->second.blind;
  std::string doubt = Doubt(cluster, domain);
  if (doubt.empty()) {
    if (was_blind) RegainSight(turn, cluster, domain, known->second);
    return;
  }
  if (!was_blind) return LoseSight(turn, cluster, domain, std::move(doubt));
  if (known->second.reason == doubt) return;
  known->second.reason = std::move(doubt);
  TellOf(turn, cluster, domain, known->second);
}

void UpdateDomainSights(Turn& turn, Cluster& cluster) {
  std::vector<std::string> names;
  for (const auto& [name, domain] : cluster.standings.domains) names.push_back(name);
  for (const std::string& name : names) UpdateDomainSight(turn, cluster, name);
}

bool IsBlindTo(const Cluster& cluster, const Node& node) {
  const DomainSight* domain = SightOf(cluster, node);
  return cluster.sight.blind || (domain != nullptr && domain->blind);
}

std::string BlindReason(const Cluster& cluster, const Node& node) {
  if (cluster.sight.blind) return cluster.sight.reason;
  const DomainSight* domain = SightOf(cluster, node);
  return domain != nullptr && domain->blind ? domain->reason : "";
}

absl::Time ClearSince(const Cluster& cluster, const Node& node) {
  const DomainSight* domain = SightOf(cluster, node);
  return domain == nullptr ? cluster.sight.clear_since
                           : std::max(cluster.sight.clear_since, domain->clear_since);
}

}  // namespace evenkeel::coordinator
