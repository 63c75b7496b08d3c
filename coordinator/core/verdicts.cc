#include "coordinator/core/verdicts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/confidence.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/node_health.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/round.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing.h"
#include "coordinator/core/standing_turn.h"

namespace evenkeel::coordinator {

bool TakesPart(const Node& node) {
  return node.facts.has_value() && node.record.agent_seen;
}

void SetVerdict(Turn& turn, Node& node, Verdict verdict, std::string reason,
                std::optional<Confidence> confidence) {
  if (node.verdict != verdict) node.since = turn.now;
  node.verdict = verdict;
  node.confidence = confidence.value_or(UsualConfidence(verdict));
  node.reason = std::move(reason);
  turn.Changed(node);

  Cluster& cluster = turn.ClusterOf(node);
  const bool silent =
      TakesPart(node) && node.silence && (verdict == Verdict::kSuspect || verdict == Verdict::kDead);
  if (silent) {
    cluster.silent.insert(node.key.node);
  } else {
    cluster.silent.erase(node.key.node);
  }
  UpdateStanding(turn, node);
  UpdateSight(turn, cluster);
}

void FallSilent(Turn& turn, Node& node, Silence silence) {
  AddEvidence(silence.evidence, {turn.now, "coordinator", silence.observation,
                                 silence.goodbye ? Direction::kNeither : Direction::kAgainstLife});
  silence.last_life = silence.detected;
  node.silence = std::move(silence);
  UpdateWitness(turn, node);
  UpdateWell(turn, node);
  HealthUnknown(turn, node);
  StopRebalance(turn, node, absl::StrCat(node.key.node, " fell silent"));
  LossLookSoon(turn, node.key.cluster);
  if (!TakesPart(node)) return;
  if (node.silence->goodbye) {
    SetVerdict(turn, node, Verdict::kAgentLost, node.silence->beginning, Confidence::kMedium);
    turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now + CheckPause(absl::ZeroDuration()));
  } else {
    SetVerdict(turn, node, Verdict::kSuspect, node.silence->beginning);
    StartRound(turn, node);
  }
}

void SpeakAgain(Turn& turn, Node& node, const std::string& how) {
  if (node.silence) {
    EndRound(turn, node);
    turn.state.timers.Clear({TimerKind::kCheck, node.key, {}});
    node.silence.reset();
  }
  OnNodeLives(turn, node, {turn.now, absl::StrCat("node ", node.key.node), how, Direction::kForLife});
  SetVerdict(turn, node, Verdict::kHealthy, how);
  UpdateWitness(turn, node);
  UpdateWell(turn, node);
  ReviewHealth(turn, node);
}

void UpdateWitness(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  if (node.witness_in) {
    const auto domain = cluster.witnesses.find(*node.witness_in);
    domain->second.erase(node.key.node);
    if (domain->second.empty()) cluster.witnesses.erase(domain);
    node.witness_in.reset();
  }
  if (!node.session || node.silence || !node.facts) return;
  node.witness_in = node.facts->failure_domain;
  cluster.witnesses[*node.witness_in].insert(node.key.node);
}

}  // namespace evenkeel::coordinator
