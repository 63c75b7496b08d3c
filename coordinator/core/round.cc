#include "coordinator/core/round.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/agent_lost.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/confidence.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/fencing_proof.h"
#include "coordinator/core/judge.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing_turn.h"
#include "coordinator/core/verdicts.h"
#include "coordinator/core/witnesses.h"

namespace evenkeel::coordinator {
namespace {

absl::Time AnswersDue(const Turn& turn, const Cluster& cluster) {
  return turn.now + cluster.policy.probe_timeout + kAnswerAllowance;
}

void AskForLease(Turn& turn, Node& node) {
  node.round->lease_request = ++turn.state.requests;
  turn.Ask(ReadLease{.request_id = node.round->lease_request, .node = node.key});
}

// Asks `witness` to reach `target` in the round of `node`; returns the probe's id.
uint64_t AskWitness(Turn& turn, const Cluster& cluster, const Node& node, const Node& witness,
                    const Node& target) {
  const uint64_t probe_id = ++turn.state.requests;
  turn.state.probes[probe_id] = node.key;
  turn.Ask(ProbeNode{.probe_id = probe_id,
                     .witness = witness.key,
                     .session_id = witness.session->id,
                     .target = target.key,
                     .address = target.facts->address,
                     .kubelet_port = target.facts->kubelet_port,
                     .agent_port = target.agent_port,
                     .timeout = cluster.policy.probe_timeout});
  return probe_id;
}

// Each witness is the control of the one before it; where only one is asked, a further one is its control.
// Where there is no further one, it is asked twice at once.
void AskWitnesses(Turn& turn, Cluster& cluster, Node& node) {
  const std::string& domain = node.facts->failure_domain;
  const std::string start = node.last_witness.empty() ? node.key.node : node.last_witness;
  const size_t wanted = cluster.policy.witnesses;
  const std::vector<Witness> chosen =
      SelectWitnesses(cluster.witnesses, node.key.node, domain, start, std::max<size_t>(wanted, 2));
  const size_t asked = std::min(wanted, chosen.size());
  for (size_t i = 0; i < asked; ++i) {
    const Node& witness = cluster.nodes.at(chosen[i].node);
    WitnessAsk ask{.witness = chosen[i].node,
                   .failure_domain = chosen[i].failure_domain,
                   .session_id = witness.session->id,
                   .answer = {},
                   .control = {},
                   .control_answer = {}};
    const bool alone = chosen.size() == 1;
    const Node& control = alone ? node : cluster.nodes.at(chosen[(i + 1) % chosen.size()].node);
    const bool has_control = !control.facts->address.empty();
    if (has_control) ask.control = control.key.node;
    const uint64_t probe_id = AskWitness(turn, cluster, node, witness, node);
    node.round->asks[probe_id] = std::move(ask);
    if (has_control) node.round->controls[AskWitness(turn, cluster, node, witness, control)] = probe_id;
    node.last_witness = chosen[i].node;
  }
}

void AskApiServer(Turn& turn, const Cluster& cluster, Node& node) {
  if (node.record.agent_pod.empty()) return;
  node.round->kubelet_request = ++turn.state.requests;
  turn.Ask(AskKubelet{.request_id = node.round->kubelet_request,
                      .node = node.key,
                      .agent_pod = node.record.agent_pod,
                      .timeout = cluster.policy.probe_timeout});
}

// A witness that has fallen silent itself, or has started anew, does not speak for the network around the
// node.
bool StillCounts(const Cluster& cluster, const WitnessAsk& ask) {
  const auto witness = cluster.nodes.find(ask.witness);
  return witness != cluster.nodes.end() && witness->second.session && !witness->second.silence &&
         witness->second.session->id == ask.session_id;
}

WitnessQuestion QuestionOf(const Cluster& cluster, const Node& node) {
  WitnessQuestion question{.node = node.key.node,
                           .kubelet_port = node.facts->kubelet_port,
                           .agent_port = node.agent_port,
                           .timeout = cluster.policy.probe_timeout,
                           .eligible = node.round->eligible,
                           .domains = node.round->domains,
                           .answers = {}};
  for (const auto& [probe_id, ask] : node.round->asks) {
    // Life is life, whoever saw it (L1); anything less needs a witness that is well.
    const bool alive = ask.answer && Weigh(*ask.answer) >= Testimony::kAlive;
    question.answers.push_back({.witness = ask.witness,
                                .answer = alive || StillCounts(cluster, ask) ? ask.answer : std::nullopt,
                                .failure_domain = ask.failure_domain,
                                .control = ask.control,
                                .control_answer = ask.control_answer});
  }
  return question;
}

bool WitnessMetLife(const Round& round) {
  return std::any_of(round.asks.begin(), round.asks.end(), [](const auto& ask) {
    return ask.second.answer && Weigh(*ask.second.answer) >= Testimony::kAlive;
  });
}

bool ApiServerMetLife(const Round& round) {
  return round.kubelet && round.kubelet->way == KubeletWay::kAnswered;
}

bool AllAnswered(const Round& round) {
  return round.lease_request == 0 && round.kubelet_request == 0 &&
         std::all_of(round.asks.begin(), round.asks.end(), [](const auto& ask) {
           return ask.second.answer && (ask.second.control.empty() || ask.second.control_answer);
         });
}

void Note(Turn& turn, Node& node, std::string source, std::string observation, Direction direction) {
  AddEvidence(node.silence->evidence, {turn.now, std::move(source), std::move(observation), direction});
}

// The round found no certainty. A node that was DEAD stays it as long as nothing speaks for its life; but
// nothing follows from that.
void Inconclusive(Turn& turn, Node& node, const std::string& reason, bool maybe_alive = false) {
  EndRound(turn, node);
  if (node.verdict == Verdict::kDead && !maybe_alive) return;
  node.silence->settled = false;
  SetVerdict(turn, node, Verdict::kSuspect, absl::StrCat(node.silence->beginning, "; ", reason));
}

void NoLease(Turn& turn, Node& node, const WitnessJudgement& judgement, const std::string& why) {
  Note(turn, node, "kubernetes", absl::StrCat("its lease could not be read: ", why), Direction::kNeither);
  Inconclusive(turn, node, absl::StrCat(judgement.reason, ", but its lease could not be read"));
}

void FoundAlive(Turn& turn, Node& node, const WitnessJudgement& judgement) {
  EndRound(turn, node);
  node.silence->last_life = turn.now;
  node.silence->settled = false;
  const Evidence* proof = nullptr;
  for (const Evidence& evidence : judgement.evidence) {
    if (evidence.direction == Direction::kForLife) proof = &evidence;
  }
  OnNodeLives(turn, node, *proof);
  SetVerdict(turn, node, judgement.verdict, judgement.reason);
  RecordAgentLost(turn, node);
}

// What the API server's own try to reach the kubelet says.
Evidence ApiServerEvidence(const KubeletAnswered& answer, absl::Time now) {
  switch (answer.way) {
    case KubeletWay::kAnswered:
      return {now, "kubernetes", absl::StrCat("the API server reaches its kubelet: ", answer.detail),
              Direction::kForLife};
    case KubeletWay::kNoAnswer:
      return {now, "kubernetes",
              absl::StrCat("the API server does not reach its kubelet either: ", answer.detail),
              Direction::kAgainstLife};
    case KubeletWay::kNotTried:
      break;
  }
  return {now, "kubernetes",
          absl::StrCat("whether the API server reaches its kubelet is not known: ", answer.detail),
          Direction::kNeither};
}

// The API server's answer vetoes death as a witness' does.
WitnessJudgement WithApiServer(WitnessJudgement judgement, const Round& round, absl::Time now) {
  if (!round.kubelet) return judgement;
  judgement.evidence.push_back(ApiServerEvidence(*round.kubelet, now));
  if (ApiServerMetLife(round) && !WitnessMetLife(round)) {
    judgement.verdict = Verdict::kAgentLost;
    judgement.reason = "its agent is silent, but the API server reaches its kubelet";
  }
  return judgement;
}

// L5: its kubelet has spoken since; it may run anything. And nothing that was asked for before is done to it
// (L1), a hook that works on it least of all.
void KubeletLives(Turn& turn, Node& node) {
  FencingEnds(turn, node);
  OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr || open->decision.kind != DecisionKind::kFailover) return;
  FreezeFailover(turn, *open, "its kubelet has renewed its lease");
}

// Nobody reached it: the lease has the last word.
void JudgeDeath(Turn& turn, Node& node, const WitnessJudgement& judgement, const LeaseRead& second) {
  Silence& silence = *node.silence;
  LeaseQuestion question{
      .first = node.round->first_lease->lease,
      .second = second.lease,
      .between = turn.now - node.round->first_lease_time,
      .last_life_on_node = std::nullopt,
      .unchanged = turn.now - silence.lease->unchanged_since,
      .api_server_tried = node.round->kubelet && node.round->kubelet->way == KubeletWay::kNoAnswer};
  if (silence.last_life > silence.detected) question.since_life = turn.now - silence.last_life;
  if (silence.lease->renewed) question.since_renewal = turn.now - *silence.lease->renewed;
  if (silence.last_beat_on_node) {
    question.last_life_on_node = *silence.last_beat_on_node + (silence.last_life - *silence.last_beat);
  }
  const LeaseJudgement lease = JudgeLease(question);
  Note(turn, node, "kubernetes", lease.observation, lease.direction);
  if (!lease.stale) {
    const bool maybe_alive = lease.direction == Direction::kForLife;
    if (maybe_alive) KubeletLives(turn, node);
    return Inconclusive(turn, node, absl::StrCat(judgement.reason, ", but ", lease.reason), maybe_alive);
  }
  CheckProof(turn, node, second.lease);
  const ProofsOfDeath proofs{.domains = judgement.domains_against,
                             .api_server = question.api_server_tried,
                             .lease = second.lease.exists};
  EndRound(turn, node);
  Note(turn, node, "coordinator", Say(proofs), Direction::kAgainstLife);
  SetVerdict(turn, node, Verdict::kDead,
             absl::StrCat(silence.beginning, ", ", judgement.reason, ", and ", lease.reason),
             ConfidenceOf(proofs));
  OnNodeDead(turn, node);
}

// Why what was asked in this round does not count towards death.
std::string WhyNotYet(absl::Time now, const Cluster& cluster, const Node& node) {
  const absl::Time clear_since = ClearSince(cluster, node);
  if (now >= clear_since || clear_since == absl::InfiniteFuture()) {
    return "the coordinator does not trust its own sight";
  }
  return absl::StrCat("agents have ", Say(kReturnGrace), " to come back after many were silent at once");
}

// Judges what is there. `late`: the time for answers is up.
void Judge(Turn& turn, Node& node, bool late) {
  const Cluster& cluster = turn.ClusterOf(node);
  Round& round = *node.round;
  const bool life = WitnessMetLife(round) || ApiServerMetLife(round);
  if (!life && !late && !AllAnswered(round)) return;
  const WitnessJudgement judgement =
      WithApiServer(JudgeWitnesses(QuestionOf(cluster, node), turn.now), round, turn.now);
  if (life || !round.confirming) {
    for (const Evidence& evidence : judgement.evidence) AddEvidence(node.silence->evidence, evidence);
  }
  if (life) return FoundAlive(turn, node, judgement);
  if (judgement.verdict != Verdict::kDead) return Inconclusive(turn, node, judgement.reason);
  // L2: nothing that was asked before or in blindness counts towards death.
  if (round.started < ClearSince(cluster, node)) {
    return Inconclusive(turn, node,
                        absl::StrCat(judgement.reason, ", but ", WhyNotYet(turn.now, cluster, node)));
  }
  if (!round.first_lease || !round.first_lease->ok) {
    return NoLease(turn, node, judgement, round.first_lease ? round.first_lease->error : "no answer in time");
  }
  if (!round.confirming) {
    round.confirming = true;
    AskForLease(turn, node);
    turn.state.timers.Set({TimerKind::kRound, node.key, {}}, AnswersDue(turn, cluster));
    return;
  }
  NoLease(turn, node, judgement, "no answer in time");  // for the second read
}

// A lease that was written between any two reads of this silence is life, whatever its time says: the node's
// clock may have been set. Reads before a time of blindness are good enough for that; for death they are not.
void WatchLease(Turn& turn, absl::Time clear_since, Silence& silence, const LeaseFacts& lease) {
  const bool same = silence.lease && silence.lease->lease.exists == lease.exists &&
                    silence.lease->lease.resource_version == lease.resource_version;
  if (same && silence.lease->unchanged_since >= clear_since) return;
  LeaseWatch watch{.lease = lease, .unchanged_since = turn.now, .renewed = std::nullopt};
  if (silence.lease) {
    watch.renewed = same || !lease.exists ? silence.lease->renewed : turn.now;
  }
  silence.lease = std::move(watch);
}

}  // namespace

void StartRound(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  if (cluster.sight.counts) {
    // What is to be asked depends on whether sight is trusted, which is judged when all are counted: in this
    // step.
    turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now);
    return;
  }
  EndRound(turn, node);
  turn.state.timers.Clear({TimerKind::kCheck, node.key, {}});
  node.round.emplace();
  node.round->started = turn.now;
  node.round->eligible = EligibleWitnesses(cluster.witnesses, node.key.node, node.facts->failure_domain);
  node.round->domains = EligibleDomains(cluster.witnesses, node.key.node, node.facts->failure_domain);
  if (!node.facts->address.empty()) AskWitnesses(turn, cluster, node);
  if (node.round->asks.empty()) {
    // Nothing can come of it, so nothing is asked of Kubernetes either.
    const std::string reason = node.facts->address.empty()
                                   ? "Kubernetes shows no address of it, so nobody can be asked to reach it"
                                   : JudgeWitnesses(QuestionOf(cluster, node), turn.now).reason;
    return Inconclusive(turn, node, reason);
  }
  // Without trust in our own sight a round can only find life; that needs no lease.
  if (!IsBlindTo(cluster, node)) AskForLease(turn, node);
  if (cluster.sight.api_reachable) AskApiServer(turn, cluster, node);
  turn.state.timers.Set({TimerKind::kRound, node.key, {}}, AnswersDue(turn, cluster));
}

void EndRound(Turn& turn, Node& node) {
  if (!node.round) return;
  for (const auto& [probe_id, ask] : node.round->asks) turn.state.probes.erase(probe_id);
  for (const auto& [probe_id, ask_id] : node.round->controls) turn.state.probes.erase(probe_id);
  turn.state.timers.Clear({TimerKind::kRound, node.key, {}});
  const absl::Time next = node.round->started + CheckPause(turn.now - node.silence->detected);
  turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, std::max(next, turn.now));
  node.round.reset();
}

void OnProbeAnswered(Turn& turn, const ProbeAnswered& event) {
  const auto probe = turn.state.probes.find(event.probe_id);
  // Of a round that is over, or of none.
  if (probe == turn.state.probes.end()) return OnOutsideProbe(turn, event);
  Node* node = turn.FindNode(probe->second);
  turn.state.probes.erase(probe);
  if (node == nullptr || !node->round) return;
  const auto control = node->round->controls.find(event.probe_id);
  if (control == node->round->controls.end()) {
    node->round->asks.at(event.probe_id).answer = event;
  } else {
    WitnessAsk& ask = node->round->asks.at(control->second);
    ask.control_answer = event;
    // L1: life is life, in whichever of the two tries a lone witness has met it.
    if (ask.control == node->key.node && Weigh(event) >= Testimony::kAlive) ask.answer = event;
  }
  Judge(turn, *node, false);
}

void OnKubeletAnswered(Turn& turn, const KubeletAnswered& event) {
  Node* node = turn.FindNode(event.node);
  if (node == nullptr || !node->round || event.request_id == 0 ||
      node->round->kubelet_request != event.request_id)
    return;
  node->round->kubelet_request = 0;
  node->round->kubelet = event;
  Judge(turn, *node, false);
}

void OnLeaseRead(Turn& turn, const LeaseRead& event) {
  Node* node = turn.FindNode(event.node);
  if (node == nullptr || !node->round || event.request_id == 0 ||
      node->round->lease_request != event.request_id)
    return;
  Round& round = *node->round;
  round.lease_request = 0;
  if (event.ok) {
    WatchLease(turn, ClearSince(turn.ClusterOf(*node), *node), *node->silence, event.lease);
    // Whatever becomes of this round: an answer that the hook gives now is about an earlier life.
    if (node->silence->lease->renewed == turn.now) KubeletLives(turn, *node);
  }
  if (!round.confirming) {
    round.first_lease = event;
    round.first_lease_time = turn.now;
    return Judge(turn, *node, false);
  }
  const Cluster& cluster = turn.ClusterOf(*node);
  const WitnessJudgement judgement = JudgeWitnesses(QuestionOf(cluster, *node), turn.now);
  if (judgement.verdict != Verdict::kDead || round.started < ClearSince(cluster, *node)) {
    return Judge(turn, *node, true);  // what held when the second read was asked for holds no longer
  }
  if (!event.ok) return NoLease(turn, *node, judgement, event.error);
  JudgeDeath(turn, *node, judgement, event);
}

void OnRoundDue(Turn& turn, Node& node) {
  if (node.round) Judge(turn, node, true);
}

void OnCheckDue(Turn& turn, Node& node) {
  if (!node.silence || !TakesPart(node)) return;
  if (node.verdict == Verdict::kDead && node.silence->settled) return;
  if (node.verdict == Verdict::kUnknown || node.verdict == Verdict::kHealthy) {
    SetVerdict(turn, node, Verdict::kSuspect, node.silence->beginning);
  }
  StartRound(turn, node);
}

}  // namespace evenkeel::coordinator
