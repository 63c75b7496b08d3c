#include "coordinator/core/standing.h"

#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {
namespace {

// Taken out of service by a planner and not back yet.
bool IsOut(const Node& node) {
  return node.record.failed_over || node.record.gray.drained;
}

bool IsDoubtful(const Node& node) {
  return node.verdict == Verdict::kSuspect || node.verdict == Verdict::kGray ||
         node.verdict == Verdict::kDead;
}

Standing StandingOf(const Cluster& cluster, const Node& node, absl::Time now) {
  Standing standing;
  standing.counted = node.facts.has_value();
  if (!standing.counted) return standing;
  const std::string& name = node.key.node;
  standing.domain = node.facts->failure_domain;
  standing.absorbed = AbsorbedAt(node, cluster.policy) <= now;
  standing.out = IsOut(node) && !standing.absorbed;
  standing.healthy = node.facts->ready && !IsOut(node) && !IsDoubtful(node);
  const bool expected = standing.absorbed || cluster.maintenance.contains(name);
  standing.silent = cluster.silent.contains(name) && !expected;
  standing.sick = node.verdict == Verdict::kGray && !expected;
  return standing;
}

void Take(Standings& all, const std::string& name, const Standing& standing) {
  if (!standing.counted) return;
  all.healthy -= standing.healthy ? 1 : 0;
  all.absorbed -= standing.absorbed ? 1 : 0;
  all.sick -= standing.sick ? 1 : 0;
  all.silent.erase(name);
  all.out.erase(name);
  const auto domain = all.domains.find(standing.domain);
  domain->second.silent.erase(name);
  domain->second.out -= standing.out ? 1 : 0;
  if (--domain->second.nodes == 0) all.domains.erase(domain);
}

void Add(Standings& all, const std::string& name, const Standing& standing) {
  if (!standing.counted) return;
  DomainStanding& domain = all.domains[standing.domain];
  ++domain.nodes;
  all.healthy += standing.healthy ? 1 : 0;
  all.absorbed += standing.absorbed ? 1 : 0;
  all.sick += standing.sick ? 1 : 0;
  if (standing.out) {
    all.out.insert(name);
    ++domain.out;
  }
  if (standing.silent) {
    all.silent.insert(name);
    domain.silent.insert(name);
  }
}

void SetAbsorbTimer(Turn& turn, const Node& node, absl::Time when) {
  const TimerKey timer{TimerKind::kAbsorb, node.key, {}};
  if (when == absl::InfiniteFuture() || when <= turn.now) {
    turn.state.timers.Clear(timer);
  } else {
    turn.state.timers.Set(timer, when);
  }
}

}  // namespace

absl::Time AbsorbedAt(const Node& node, const FailoverPolicy& policy) {
  if (!IsOut(node) || !node.record.recovered) return absl::InfiniteFuture();
  return *node.record.recovered + policy.limits.release_budget_after;
}

void UpdateStanding(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  SetAbsorbTimer(turn, node, AbsorbedAt(node, cluster.policy));
  const Standing now = StandingOf(cluster, node, turn.now);
  const Standing before = node.standing;
  if (now == before) return;
  Take(cluster.standings, node.key.node, before);
  Add(cluster.standings, node.key.node, now);
  node.standing = now;
  if (before.healthy != now.healthy) BurstStandingChanged(turn, cluster, node.key.node);
  UpdateSight(turn, cluster);  // the whole before its parts: one mass event is said once
  if (before.counted && before.domain != now.domain) UpdateDomainSight(turn, cluster, before.domain);
  if (now.counted) UpdateDomainSight(turn, cluster, now.domain);
}

void SetFailedOver(Turn& turn, Node& node, bool failed_over) {
  node.record.failed_over = failed_over;
  node.record.recovered.reset();
  if (!failed_over) {
    node.record.failover.reset();
    node.record.moved.clear();
  }
  turn.RecordChanged(node);
  std::set<std::string>& all = turn.ClusterOf(node).failed_over;
  if (failed_over) {
    all.insert(node.key.node);
  } else {
    all.erase(node.key.node);
  }
  UpdateStanding(turn, node);
}

void SetDrained(Turn& turn, Node& node, bool drained) {
  if (node.record.gray.drained == drained) return;
  node.record.gray.drained = drained;
  if (!node.record.failed_over) node.record.recovered.reset();
  turn.RecordChanged(node);
  UpdateStanding(turn, node);
}

void SetRecovered(Turn& turn, Node& node) {
  node.record.recovered = turn.now;
  turn.RecordChanged(node);
  UpdateStanding(turn, node);
}

void OnAbsorbDue(Turn& turn, Node& node) {
  UpdateStanding(turn, node);
}

}  // namespace evenkeel::coordinator
