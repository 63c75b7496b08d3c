#include "coordinator/core/standing_turn.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/judge.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/standing_switches.h"
#include "coordinator/core/switch_turn.h"

namespace evenkeel::coordinator {
namespace {

// Where a witness is to go.
struct Way {
  std::string address;
  uint16_t kubelet_port = 0;
  uint16_t agent_port = 0;
};

Way WayToNode(const Node* node) {
  if (node == nullptr || !node->facts) return {};
  return {node->facts->address, node->facts->kubelet_port, node->agent_port};
}

// As the policy says it, or another one about the same cluster, or as our own way there tells.
Way WayToApi(const State& state, const LostClusterPolicy& policy, const Cluster* cluster) {
  if (!policy.api_address.empty()) return {policy.api_address, policy.api_port, 0};
  for (const auto& [name, other] : state.standing.standing) {
    if (other.policy.spec.from != policy.spec.from || other.policy.api_address.empty()) continue;
    return {other.policy.api_address, other.policy.api_port, 0};
  }
  if (cluster == nullptr) return {};
  return {cluster->api_address, cluster->api_port, 0};
}

// The first names of each failure domain of each other cluster, then the second ones: who is asked changes
// only where one of them falls silent.
std::vector<OutsideWitness> WitnessesFor(const State& state, const std::string& from) {
  std::vector<OutsideWitness> chosen;
  size_t left = 1;
  for (size_t turn = 0; left > 0 && chosen.size() < kMostOutside; ++turn) {
    left = 0;
    for (const auto& [name, cluster] : state.clusters) {
      if (name == from) continue;
      for (const auto& [domain, nodes] : cluster.witnesses) {
        if (nodes.size() <= turn || chosen.size() == kMostOutside) continue;
        ++left;
        chosen.push_back({{name, *std::next(nodes.begin(), static_cast<ptrdiff_t>(turn))}, domain});
      }
    }
  }
  std::sort(chosen.begin(), chosen.end(),
            [](const OutsideWitness& a, const OutsideWitness& b) { return a.node < b.node; });
  return chosen;
}

// A node's kernel lives if it refuses. An API server does not answer through a balancer that only takes the
// connection, and one that nobody listens for is away.
Reach ReachOf(const ProbeAnswered& answer, bool api) {
  if (api) {
    if (answer.kubelet_tls == ProbeOutcome::kReached || answer.kubelet_tls == ProbeOutcome::kProtocolError) {
      return Reach::kReached;
    }
    const bool failed = answer.kubelet_tcp == ProbeOutcome::kProberFailed ||
                        answer.kubelet_tls == ProbeOutcome::kProberFailed;
    return failed || answer.kubelet_tcp == ProbeOutcome::kNotTried ? Reach::kNotTried : Reach::kNoAnswer;
  }
  switch (Weigh(answer)) {
    case Testimony::kAlive:
    case Testimony::kAgentAlive:
      return Reach::kReached;
    case Testimony::kAgainst:
      return Reach::kNoAnswer;
    case Testimony::kNothing:
      break;
  }
  return Reach::kNotTried;
}

// No policy of an operator can have this name.
constexpr char kOfSwitch[] = "\tswitch ";

std::string NameOfSwitch(const std::string& name) {
  return absl::StrCat(kOfSwitch, name);
}
bool IsOfSwitch(const std::string& policy) {
  return absl::StartsWith(policy, kOfSwitch);
}

void Show(Turn& turn, const std::string& policy) {
  if (IsOfSwitch(policy)) return;
  State& state = turn.state;
  const auto shown = state.shown_standing.find(policy);
  const auto found = state.standing.standing.find(policy);
  if (found == state.standing.standing.end()) {
    if (shown == state.shown_standing.end()) return;
    state.shown_standing.erase(shown);
    return turn.Tell(StandingGone{policy});
  }
  StandingStatus status = StatusOf(found->second, turn.now);
  if (shown != state.shown_standing.end() && shown->second == status) return;
  state.shown_standing.insert_or_assign(policy, status);
  turn.Tell(StandingChanged{std::move(status)});
}

}  // namespace

// ---- what the room asks of the core ----

LossView TurnSwitchHost::ViewOf(const LostClusterPolicy& policy) const {
  LossView view;
  view.now = turn_.now;
  const Cluster* cluster = turn_.FindCluster(policy.spec.from);
  view.api_known = !WayToApi(turn_.state, policy, cluster).address.empty();
  view.witnesses = WitnessesFor(turn_.state, policy.spec.from);
  if (cluster == nullptr) return view;
  view.api_away_since = cluster->api_away_since;
  view.api_reachable = cluster->sight.listed && cluster->api_away_since == absl::InfiniteFuture();
  for (const auto& [name, node] : cluster->nodes) {
    if (!node.facts || !node.record.agent_seen) continue;
    view.nodes[name] = !node.session || node.silence.has_value();
  }
  return view;
}

void TurnSwitchHost::AskOutside(const LostClusterPolicy& policy, const OutsideAsk& ask) {
  const Node* witness = turn_.FindNode(ask.witness);
  if (witness == nullptr || !witness->session) return;
  const bool api = !ask.control && ask.target.empty();
  const NodeKey target = ask.control.value_or(NodeKey{policy.spec.from, ask.target});
  const Way way = api ? WayToApi(turn_.state, policy, turn_.FindCluster(policy.spec.from))
                      : WayToNode(turn_.FindNode(target));
  if (way.address.empty()) return;
  turn_.Ask(ProbeNode{.probe_id = ask.id,
                      .witness = ask.witness,
                      .session_id = witness->session->id,
                      .target = target,
                      .address = way.address,
                      .kubelet_port = way.kubelet_port,
                      .agent_port = way.agent_port,
                      .timeout = kOutsideTry});
}

void TurnSwitchHost::AskApi(const std::string& name) {
  Cluster* cluster = turn_.FindCluster(name);
  if (cluster == nullptr) return;
  // One at a time; what was lost on its way is asked again.
  if (cluster->api_request != 0 && turn_.now - cluster->api_asked < 2 * kOutsideTimeout) return;
  State& state = turn_.state;
  state.requests = std::max(state.requests, state.standing.ids) + 1;
  state.standing.ids = state.requests;
  cluster->api_request = state.requests;
  cluster->api_asked = turn_.now;
  turn_.Ask(
      coordinator::AskApi{.request_id = cluster->api_request, .cluster = name, .timeout = kOutsideTimeout});
}

void TurnSwitchHost::Remember(const StandingRecord& record) {
  if (!IsOfSwitch(record.policy)) turn_.Write(PutStandingRecord{record});
}

void TurnSwitchHost::Forget(const std::string& policy) {
  if (!IsOfSwitch(policy)) turn_.Write(EraseStandingRecord{policy});
}

// A switch that ended before it began: so it stands among the others, with its specification.
void TurnSwitchHost::TellLost(const LostClusterPolicy& policy, const LossAnswer& answer,
                              const std::string& words) {
  if (IsOfSwitch(policy.name())) return;  // the switch itself says it
  SwitchRecord record;
  record.spec = policy.spec;
  record.origin = SwitchOrigin::kLostCluster;
  record.phase = SwitchPhase::kEnded;
  record.phase_since = turn_.now;
  record.end = SwitchEnd::kObserved;
  record.outcome = absl::StrCat("Nothing was moved: ", words);
  const DecisionId decision = Open(record);
  OpenDecision& open = OpenOf(decision);
  open.decision.summary = absl::StrCat("Cluster ", policy.spec.from, " is lost: ", answer.reason);
  open.decision.confidence = answer.confidence;
  open.decision.timings.judged = turn_.now;
  Happened(decision, open.decision.summary);
  Write(decision, record);
  turn_.Close(open, DecisionState::kObserved, record.outcome);
}

// ---- steps ----

void UpdateStanding(Turn& turn, const std::string& name) {
  TurnSwitchHost host(turn);
  const auto policy = turn.state.policies.find(name);
  if (policy == turn.state.policies.end() || policy->second.IfSwitch() == nullptr) {
    EraseStanding(turn.state.standing, host, name);
  } else {
    std::optional<StandingRecord> record;
    if (auto restored = turn.state.restored_standing.extract(name); !restored.empty()) {
      record = std::move(restored.mapped());
    }
    PutStanding(turn.state.standing, host, policy->second.switching(), record);
  }
  Show(turn, name);
}

void WatchBlue(Turn& turn, const SwitchSpec& spec) {
  LostClusterPolicy policy;
  policy.spec = spec;
  policy.spec.name = NameOfSwitch(spec.name);
  policy.on_lost = OnLostCluster::kOff;
  TurnSwitchHost host(turn);
  PutStanding(turn.state.standing, host, policy, std::nullopt);
}

void LeaveBlue(Turn& turn, const std::string& name) {
  TurnSwitchHost host(turn);
  EraseStanding(turn.state.standing, host, NameOfSwitch(name));
}

void OnStandingDue(Turn& turn, const std::string& policy) {
  TurnSwitchHost host(turn);
  // Answers of witnesses are told apart by one row of numbers, whoever asked.
  turn.state.standing.ids = turn.state.requests;
  OnStandingDue(turn.state.standing, turn.state.desk, host, policy);
  turn.state.requests = std::max(turn.state.requests, turn.state.standing.ids);
  Show(turn, policy);
}

void LossLookSoon(Turn& turn, const std::string& cluster) {
  if (turn.state.standing.standing.empty()) return;
  TurnSwitchHost host(turn);
  OnClusterChanged(turn.state.standing, host, cluster);
}

void OnOutsideProbe(Turn& turn, const ProbeAnswered& event) {
  StandingDesk& standing = turn.state.standing;
  const auto ask = standing.asks.find(event.probe_id);
  if (ask == standing.asks.end()) return;
  const auto one = standing.standing.find(ask->second);
  if (one == standing.standing.end() || !one->second.watch.round) return;
  const auto asked = one->second.watch.round->asks.find(event.probe_id);
  const bool api =
      asked != one->second.watch.round->asks.end() && asked->second.target.empty() && !asked->second.control;
  OnOutsideAnswered(standing, event.probe_id, ReachOf(event, api), turn.now);
}

void OnApiAnswered(Turn& turn, const ApiAnswered& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr || event.request_id == 0 || cluster->api_request != event.request_id) return;
  cluster->api_request = 0;
  cluster->api_away_since =
      event.answered ? absl::InfiniteFuture() : std::min(cluster->api_away_since, cluster->api_asked);
  LossLookSoon(turn, event.cluster);
}

void RestoreStanding(Turn& turn) {
  std::vector<std::string> names;
  for (const auto& [name, policy] : turn.state.policies) {
    if (policy.IfSwitch() != nullptr) names.push_back(name);
  }
  for (const std::string& name : names) UpdateStanding(turn, name);
  for (const auto& [name, record] : turn.state.restored_standing) turn.Write(EraseStandingRecord{name});
  turn.state.restored_standing.clear();
  AdoptSwitches(turn.state.standing, turn.state.desk);
}

}  // namespace evenkeel::coordinator
