#include "coordinator/core/switch/loss_watch.h"

#include <algorithm>
#include <set>
#include <utility>

namespace evenkeel::coordinator {
namespace {

bool MostSilent(const LossRules& rules, const LossView& view) {
  const auto silent = static_cast<size_t>(
      std::count_if(view.nodes.begin(), view.nodes.end(), [](const auto& node) { return node.second; }));
  return !view.nodes.empty() && silent * 100 > view.nodes.size() * rules.lost_nodes_percent;
}

bool IsProven(const LossWatch& watch, const NodeKey& witness, absl::Time now) {
  const auto found = watch.proven.find(witness);
  // While it is in doubt nobody may be able to prove anything.
  return found != watch.proven.end() && watch.doubt_since.value_or(now) - found->second <= kProofHolds;
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
    return IsProven(watch, a.node, view.now) && !IsProven(watch, b.node, view.now);
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
    Ask(moves, round, ids, {.witness = witness.node, .target = "", .control = {}});
    for (const std::string& node : ChooseNodes(view)) {
      Ask(moves, round, ids, {.witness = witness.node, .target = node, .control = {}});
    }
    if (const auto control = ControlOf(witness, view)) {
      Ask(moves, round, ids, {.witness = witness.node, .target = "", .control = control});
    }
  }
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
  Ask(moves, round, ids, {.witness = next->node, .target = "", .control = {}});
  if (!view.nodes.empty()) {
    Ask(moves, round, ids, {.witness = next->node, .target = view.nodes.begin()->first, .control = {}});
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
                  .nodes = view.nodes.size(),
                  .answers = {},
                  .gateways = view.gateways};
  for (const auto& [name, silent] : view.nodes) sight.silent += silent ? 1 : 0;
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
                             .proven = IsProven(watch, ask.witness, view.now),
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

LossMoves LookAtCluster(LossWatch& watch, const LossRules& rules, const LossView& view, uint64_t& ids) {
  LossMoves moves{.asks = {}, .look_at = view.now + kLossRoundEvery};
  moves.in_doubt = !view.api_reachable || MostSilent(rules, view);
  if (!moves.in_doubt) {
    watch.doubt_since.reset();
    std::erase_if(watch.proven, [&view](const auto& entry) { return view.now - entry.second > kProofHolds; });
    watch.lost_since.reset();
    watch.lost_rounds = 0;
    watch.answer = JudgeLoss(rules, SightOf(watch, view));
    if (view.now >= watch.next_proof) {
      watch.next_proof = view.now + kProveEvery;
      Prove(watch, view, ids, moves);
    }
    moves.look_at = watch.next_proof;
    return moves;
  }
  if (!watch.doubt_since) watch.doubt_since = view.now;
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
  if (reach == Reach::kReached && !ask->second.control) watch.proven[ask->second.witness] = now;
}

}  // namespace evenkeel::coordinator
