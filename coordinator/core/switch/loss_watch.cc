#include "coordinator/core/switch/loss_watch.h"

#include <algorithm>
#include <set>
#include <utility>

namespace evenkeel::coordinator {
namespace {

size_t SilentOf(const LossView& view) {
  return static_cast<size_t>(
      std::count_if(view.nodes.begin(), view.nodes.end(), [](const auto& node) { return node.second; }));
}

bool Holds(const LossWatch& watch, absl::Time proof, absl::Time now) {
  // While it is in doubt nobody may be able to prove anything.
  return watch.doubt_since.value_or(now) - proof <= kProofHolds;
}

bool IsProven(const LossWatch& watch, const NodeKey& witness, bool api, absl::Time now) {
  const auto& proofs = api ? watch.proven_api : watch.proven;
  const auto found = proofs.find(witness);
  return found != proofs.end() && Holds(watch, found->second, now);
}

// The more of the two ways are known, the better.
int Worth(const LossWatch& watch, const NodeKey& witness, absl::Time now) {
  return (IsProven(watch, witness, true, now) ? 2 : 0) + (IsProven(watch, witness, false, now) ? 1 : 0);
}

// A neighbour of the witness, in its own cluster; none: it is alone there.
std::optional<NodeKey> ControlOf(const OutsideWitness& witness, const LossView& view) {
  for (const OutsideWitness& other : view.witnesses) {
    if (other.node.cluster == witness.node.cluster && other.node != witness.node) return other.node;
  }
  return std::nullopt;
}

// Those whose ways are proven first, and of other failure domains before a second one of the same.
std::vector<OutsideWitness> ChooseWitnesses(const LossWatch& watch, const LossView& view) {
  std::vector<OutsideWitness> sorted = view.witnesses;
  std::stable_sort(sorted.begin(), sorted.end(), [&](const OutsideWitness& a, const OutsideWitness& b) {
    return Worth(watch, a.node, view.now) > Worth(watch, b.node, view.now);
  });
  std::vector<OutsideWitness> chosen;
  std::set<std::pair<std::string, std::string>> domains;
  for (const bool again : {false, true}) {
    for (const OutsideWitness& witness : sorted) {
      if (chosen.size() == kWitnesses) return chosen;
      const bool is_new = domains.insert({witness.node.cluster, witness.failure_domain}).second;
      const bool taken = std::find(chosen.begin(), chosen.end(), witness) != chosen.end();
      if (!taken && is_new != again) chosen.push_back(witness);
    }
  }
  return chosen;
}

// Spread over the names, the first included.
std::vector<std::string> ChooseNodes(const LossView& view) {
  std::vector<std::string> names;
  for (const auto& [name, silent] : view.nodes) names.push_back(name);
  if (names.size() <= kMostTried) return names;
  std::vector<std::string> chosen;
  for (size_t i = 0; i < kMostTried; ++i) chosen.push_back(names[i * names.size() / kMostTried]);
  return chosen;
}

void Ask(LossMoves& moves, LossRound& round, uint64_t& ids, OutsideAsk ask) {
  ask.id = ++ids;
  round.asks[ask.id] = ask;
  moves.asks.push_back(std::move(ask));
}

void BeginRound(LossWatch& watch, const LossView& view, uint64_t& ids, LossMoves& moves) {
  LossRound& round = watch.round.emplace();
  round.began = view.now;
  for (const OutsideWitness& witness : ChooseWitnesses(watch, view)) {
    round.domains[witness.node] = witness.failure_domain;
    if (view.api_known) Ask(moves, round, ids, {.witness = witness.node, .target = "", .control = {}});
    for (const std::string& node : ChooseNodes(view)) {
      Ask(moves, round, ids, {.witness = witness.node, .target = node, .control = {}});
    }
    if (const auto control = ControlOf(witness, view)) {
      Ask(moves, round, ids, {.witness = witness.node, .target = "", .control = control});
    }
  }
}

// A node that speaks, and is therefore expected to be reached; each in its turn. None: they are all silent.
std::optional<std::string> NextProof(LossWatch& watch, const LossView& view) {
  std::vector<std::string> speaking;
  for (const auto& [name, silent] : view.nodes) {
    if (!silent) speaking.push_back(name);
  }
  if (speaking.empty()) return std::nullopt;
  return speaking[watch.proofs++ % speaking.size()];
}

// One after another in turn, so that many ways are known.
void Prove(LossWatch& watch, const LossView& view, uint64_t& ids, LossMoves& moves) {
  if (view.witnesses.empty()) return;
  auto next = std::find_if(view.witnesses.begin(), view.witnesses.end(),
                           [&](const OutsideWitness& witness) { return watch.last_prover < witness.node; });
  if (next == view.witnesses.end()) next = view.witnesses.begin();
  watch.last_prover = next->node;
  LossRound& round = watch.round.emplace();
  round.began = view.now;
  round.domains[next->node] = next->failure_domain;
  if (view.api_known) Ask(moves, round, ids, {.witness = next->node, .target = "", .control = {}});
  if (const std::optional<std::string> node = NextProof(watch, view)) {
    Ask(moves, round, ids, {.witness = next->node, .target = *node, .control = {}});
  }
}

// Whether each witness reaches its control. One without a neighbour has none to be asked, and counts.
std::map<NodeKey, bool> Controls(const LossRound& round) {
  std::map<NodeKey, bool> well;
  for (const auto& [witness, domain] : round.domains) well[witness] = true;
  for (const auto& [id, ask] : round.asks) {
    if (!ask.control) continue;
    const auto answer = round.answers.find(id);
    well[ask.witness] = answer != round.answers.end() && answer->second == Reach::kReached;
  }
  return well;
}

LossSight SightOf(const LossWatch& watch, const LossView& view) {
  LossSight sight{.now = view.now,
                  .api_reachable = view.api_reachable,
                  .api_away_since = view.api_away_since,
                  .api_known = view.api_known,
                  .nodes = view.nodes.size(),
                  .silent = SilentOf(view),
                  .tried = std::min(view.nodes.size(), kMostTried),
                  .answers = {},
                  .gateways = view.gateways};
  if (!watch.round) return sight;
  const LossRound& round = *watch.round;
  const std::map<NodeKey, bool> controls = Controls(round);
  for (const auto& [id, ask] : round.asks) {
    if (ask.control) continue;
    const auto answer = round.answers.find(id);
    sight.answers.push_back({.witness = ask.witness,
                             .failure_domain = round.domains.at(ask.witness),
                             .target = ask.target,
                             .reach = answer == round.answers.end() ? Reach::kNotTried : answer->second,
                             .proven = IsProven(watch, ask.witness, ask.target.empty(), view.now),
                             .control_ok = controls.at(ask.witness)});
  }
  return sight;
}

void Judge(LossWatch& watch, const LossRules& rules, const LossView& view) {
  watch.answer = JudgeLoss(rules, SightOf(watch, view));
  watch.round.reset();
  if (watch.answer.life != ClusterLife::kLost) {
    watch.lost_since.reset();
    watch.lost_rounds = 0;
    return;
  }
  if (!watch.lost_since) watch.lost_since = view.now;
  ++watch.lost_rounds;
}

bool IsComplete(const LossRound& round) {
  return round.answers.size() == round.asks.size();
}

}  // namespace

bool MostSilent(const LossRules& rules, size_t silent, size_t nodes) {
  return nodes > 0 && silent * 100 > nodes * rules.lost_nodes_percent;
}

uint32_t ProvenWitnesses(const LossWatch& watch, bool api, absl::Time now) {
  const auto& proofs = api ? watch.proven_api : watch.proven;
  return static_cast<uint32_t>(std::count_if(
      proofs.begin(), proofs.end(), [&](const auto& proof) { return Holds(watch, proof.second, now); }));
}

LossMoves LookAtCluster(LossWatch& watch, const LossRules& rules, const LossView& view, uint64_t& ids) {
  LossMoves moves{.asks = {}, .look_at = view.now + kLossRoundEvery};
  watch.most_silent = MostSilent(rules, SilentOf(view), view.nodes.size());
  moves.in_doubt = !view.api_reachable || watch.most_silent;
  moves.ask_api = moves.in_doubt;
  if (!watch.most_silent) {
    watch.lost_since.reset();
    watch.lost_rounds = 0;
    watch.answer = JudgeLoss(rules, SightOf(watch, view));
  }
  if (!moves.in_doubt) {
    watch.doubt_since.reset();
    for (auto* proofs : {&watch.proven, &watch.proven_api}) {
      std::erase_if(*proofs, [&view](const auto& entry) { return view.now - entry.second > kProofHolds; });
    }
    if (view.now >= watch.next_proof) {
      watch.next_proof = view.now + kProveEvery;
      Prove(watch, view, ids, moves);
    }
    moves.look_at = watch.next_proof;
    return moves;
  }
  if (!watch.doubt_since) watch.doubt_since = view.now;
  if (!watch.most_silent) {
    if (view.now - *watch.doubt_since >= kLongAway) moves.look_at = view.now + kSlowLook;
    return moves;
  }
  // A proof that was under way is no round of many.
  const bool is_round =
      watch.round && watch.round->domains.size() >= std::min(kWitnesses, view.witnesses.size());
  if (watch.round && is_round &&
      (IsComplete(*watch.round) || view.now - watch.round->began >= kOutsideTimeout)) {
    Judge(watch, rules, view);
  }
  if (!watch.round || !is_round) BeginRound(watch, view, ids, moves);
  // Twice at least, so that one bad moment of all witnesses is not the end of a cluster.
  moves.lost = watch.lost_since && watch.lost_rounds >= 2 && view.now - *watch.lost_since >= rules.lost_for;
  moves.look_at = watch.round->began + kOutsideTimeout;
  return moves;
}

void NoteOutside(LossWatch& watch, uint64_t id, Reach reach, absl::Time now) {
  if (!watch.round) return;
  const auto ask = watch.round->asks.find(id);
  if (ask == watch.round->asks.end()) return;
  watch.round->answers[id] = reach;
  if (reach != Reach::kReached || ask->second.control) return;
  (ask->second.target.empty() ? watch.proven_api : watch.proven)[ask->second.witness] = now;
}

}  // namespace evenkeel::coordinator
