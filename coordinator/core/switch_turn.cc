#include "coordinator/core/switch_turn.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing_turn.h"
#include "coordinator/core/switch/switch_desk.h"

namespace evenkeel::coordinator {
namespace {

bool TakesPods(const Node& node) {
  const NodeFacts& facts = *node.facts;
  const bool tainted = facts.reserved || facts.failover_taint || facts.gray_taint || facts.out_of_service;
  return facts.ready && !facts.unschedulable && !tainted && node.verdict != Verdict::kDead;
}

// Without an agent Kubernetes' word is all there is.
bool IsWell(const Node& node) {
  return node.record.agent_seen ? node.verdict == Verdict::kHealthy : node.facts->ready;
}

void CountNodes(const Cluster& cluster, ClusterFacts& facts) {
  for (const auto& [name, node] : cluster.nodes) {
    if (!node.facts) continue;
    const bool is_virtual = cluster.burst.pulled.contains(name);
    const int64_t cpu = TakesPods(node) ? node.facts->allocatable.cpu_millicores : 0;
    if (is_virtual) {
      ++facts.virtual_nodes;
      facts.virtual_cpu_millicores += cpu;
      continue;
    }
    ++facts.nodes;
    facts.nodes_healthy += IsWell(node) ? 1 : 0;
    facts.nodes_without_agent += node.record.agent_seen ? 0 : 1;
    facts.cpu_millicores += cpu;
    if (cpu == 0) continue;
    const int64_t asked = cluster.pods.LoadOf(name).cpu_millicores;
    facts.cpu_used_millicores += node.cpu_used_millicores.value_or(asked);
  }
}

std::string Summary(const SwitchRecord& record) {
  const SwitchSpec& spec = record.spec;
  std::vector<std::string> applications;
  for (const Application& application : spec.applications) applications.push_back(application.ToString());
  const bool lost = record.origin == SwitchOrigin::kLostCluster;
  return absl::StrCat("Switch ", spec.name, ": the traffic of ", Join(applications),
                      spec.mode == SwitchMode::kObserve ? " would go" : " goes", " from cluster ", spec.from,
                      lost ? ", which is lost," : "", " to cluster ", spec.to, " in ",
                      Count(spec.steps.size(), "step"));
}

// Who orders a switch back has what they want, so it did not fail; nor did it come to what it was for.
DecisionState StateOf(const SwitchRecord& record) {
  switch (record.end.value_or(SwitchEnd::kCancelled)) {
    case SwitchEnd::kCommitted:
      return DecisionState::kSucceeded;
    case SwitchEnd::kRolledBack:
      return record.rollback_ordered ? DecisionState::kCancelled : DecisionState::kFailed;
    case SwitchEnd::kRefused:
      return DecisionState::kRefused;
    case SwitchEnd::kObserved:
      return DecisionState::kObserved;
    case SwitchEnd::kCancelled:
      return DecisionState::kCancelled;
  }
  return DecisionState::kFailed;
}

bool HasEnded(const Action& action) {
  return action.state != ActionState::kPending && action.state != ActionState::kReleased;
}

std::vector<Action>::iterator PlaceOf(std::vector<Action>& actions, uint32_t number) {
  return std::lower_bound(actions.begin(), actions.end(), number,
                          [](const Action& action, uint32_t wanted) { return action.number < wanted; });
}

// Null: it was left out.
Action* FindAction(Decision& decision, uint32_t number) {
  const auto found = PlaceOf(decision.actions, number);
  return found == decision.actions.end() || found->number != number ? nullptr : &*found;
}

void LeaveOutFirst(std::vector<Action>& actions) {
  if (actions.size() < kMostShapeActions) return;
  const auto ended = std::find_if(actions.begin(), actions.end(), HasEnded);
  // One a route can be under way.
  if (ended != actions.end()) actions.erase(ended);
}

void SkipWhatIsOpen(Decision& decision, const char* why) {
  for (Action& action : decision.actions) {
    if (HasEnded(action)) continue;
    action.state = ActionState::kSkipped;
    if (action.result.empty()) action.result = why;
  }
}

// What the answer makes of the action; the desk may hand it out again in this very step.
void Record(Action& action, const ActionFinished& event, absl::Time now) {
  action.finish_time = now;
  action.result = event.detail;
  switch (event.outcome) {
    case ActionOutcome::kDone:
      action.state = ActionState::kDone;
      if (action.result.empty()) action.result = "done";
      return;
    case ActionOutcome::kAlreadyDone:
      action.state = ActionState::kDone;
      if (action.result.empty()) action.result = "it was so already";
      return;
    case ActionOutcome::kNotMine:  // L7
    case ActionOutcome::kBlocked:
    case ActionOutcome::kNotKnownThere:
    case ActionOutcome::kRefused:
      action.state = ActionState::kFailed;
      return;
    case ActionOutcome::kUnreachable:
      action.state = ActionState::kPending;
      return;
    case ActionOutcome::kWithdrawn:
      action.state = ActionState::kSkipped;
      if (action.result.empty()) action.result = "another wish took its place before anything was written";
      return;
  }
}

}  // namespace

// ---- what is seen ----

absl::Time TurnSwitchHost::Now() const {
  return turn_.now;
}

uint64_t TurnSwitchHost::Epoch() const {
  return turn_.state.epoch;
}

ClusterFacts TurnSwitchHost::GlanceAt(const std::string& name) const {
  const Cluster* cluster = turn_.FindCluster(name);
  if (cluster == nullptr) return {};
  return {.known = true,
          .api_reachable = cluster->sight.api_reachable,
          .api_detail = cluster->sight.api_detail,
          .blind = cluster->sight.blind,
          .blind_reason = cluster->sight.reason,
          .lost = IsLost(turn_.state.standing, name),
          .paused = cluster->record.pause.has_value()};
}

ClusterFacts TurnSwitchHost::FactsOf(const std::string& name) const {
  ClusterFacts facts = GlanceAt(name);
  if (const Cluster* cluster = turn_.FindCluster(name)) CountNodes(*cluster, facts);
  return facts;
}

std::vector<BadNode> TurnSwitchHost::BadNodes(const std::string& cluster,
                                              const std::map<std::string, uint32_t>& nodes) const {
  std::vector<BadNode> bad;
  for (const auto& [name, pods] : nodes) {
    const Node* node = turn_.FindNode({cluster, name});
    if (node == nullptr) continue;
    const Verdict verdict = node->verdict;
    if (verdict == Verdict::kSuspect || verdict == Verdict::kGray || verdict == Verdict::kDead) {
      bad.push_back({.node = name, .dead = verdict == Verdict::kDead});
    }
  }
  return bad;
}

// ---- what is done ----

OpenDecision& TurnSwitchHost::OpenOf(const DecisionId& decision) {
  OpenDecision* open = turn_.FindOpen(decision);
  EVENKEEL_CHECK(open != nullptr) << decision.ToString() << " is a switch under way and no open decision";
  return *open;
}

DecisionId TurnSwitchHost::Open(const SwitchRecord& record) {
  OpenDecision& open = turn_.OpenSwitch(record.spec.from);
  open.decision.summary = Summary(record);
  const auto policy = turn_.state.policies.find(record.spec.name);
  if (record.origin == SwitchOrigin::kLostCluster && policy != turn_.state.policies.end()) {
    open.decision.policy = policy->first;
    open.decision.policy_etag = policy->second.etag;
  }
  if (record.origin == SwitchOrigin::kOperator) WatchBlue(turn_, record.spec);
  return open.decision.id;
}

void TurnSwitchHost::Found(const DecisionId& decision, const std::vector<Finding>& findings) {
  OpenDecision& open = OpenOf(decision);
  std::vector<GuardAnswer>& guards = open.decision.guards;
  guards.clear();
  for (const Finding& finding : findings) {
    if (guards.size() == kMostFindings) break;
    guards.push_back({.guard = absl::StrCat("preflight ", Word(finding.code)),
                      .allowed = finding.severity != Severity::kBlocker,
                      .reason = absl::StrCat(finding.subject, ": ", finding.words)});
  }
  if (guards.empty()) {
    guards.push_back({.guard = "preflight", .allowed = true, .reason = "nothing speaks against it"});
  }
  turn_.Changed(open);
}

void TurnSwitchHost::Happened(const DecisionId& decision, const std::string& sentence) {
  OpenDecision& open = OpenOf(decision);
  AddEvidence(open.decision.evidence, {.time = turn_.now, .source = "switch", .observation = sentence});
  turn_.Changed(open);
}

void TurnSwitchHost::Write(const DecisionId& decision, const SwitchRecord& record) {
  turn_.RecordChanged(StoredSwitch{decision, record});
}

void TurnSwitchHost::Release(const DecisionId& decision, uint32_t number, const RouteWish& wish) {
  OpenDecision& open = OpenOf(decision);
  std::vector<Action>& actions = open.decision.actions;
  Action* action = FindAction(open.decision, number);
  if (action == nullptr) {
    LeaveOutFirst(actions);
    // Not always the last: one that is asked again may have ended here before, and been left out.
    action = &*actions.insert(PlaceOf(actions, number), {.number = number,
                                                         .stage = 1,
                                                         .kind = ActionKind::kShapeRoute,
                                                         .name_space = wish.key.gateway,
                                                         .name = wish.key.route,
                                                         .route = wish});
  }
  action->finish_time.reset();
  turn_.Release(open, *action);
}

void TurnSwitchHost::Close(const DecisionId& decision, const SwitchRecord& record) {
  OpenDecision& open = OpenOf(decision);
  Write(decision, record);
  SkipWhatIsOpen(open.decision, "the switch ended before it was answered");
  turn_.state.timers.Clear({TimerKind::kSwitch, {}, {}, record.spec.name});
  turn_.Close(open, StateOf(record), record.outcome);
  LeaveBlue(turn_, record.spec.name);
  OnStandingEnded(turn_.state.standing, decision, record.end.value_or(SwitchEnd::kCancelled), turn_.now);
}

void TurnSwitchHost::Ask(SwitchRequest request) {
  std::optional<SwitchRequest> shared = Shared(turn_.state.desk, turn_.state.standing, std::move(request));
  if (shared) std::visit([this](auto& asked) { turn_.Ask(std::move(asked)); }, *shared);
}

void TurnSwitchHost::Answer(SwitchReply reply) {
  turn_.Answer({.request_id = reply.request_id,
                .status = std::move(reply.status),
                .decision = reply.decision,
                .findings = std::move(reply.findings),
                .forecasts = std::move(reply.forecasts)});
}

void TurnSwitchHost::FloorsChange(const std::string& cluster, const std::string& name_space) {
  const Cluster* known = turn_.FindCluster(cluster);
  if (known == nullptr) return;
  for (const auto& [target, policy] : known->scaled) {
    if (target.name_space != name_space) continue;
    if (Scaler* scaler = turn_.FindScaler(policy)) LookSoon(turn_, *scaler);
  }
}

void TurnSwitchHost::Changed(const std::string& name) {
  turn_.SwitchChanges(name);
}

void TurnSwitchHost::WakeAt(const std::string& name, absl::Time time) {
  turn_.state.timers.Set({TimerKind::kSwitch, {}, {}, name}, time);
}

// ---- events ----

void OnRouteRead(Turn& turn, const RouteRead& event) {
  TurnSwitchHost host(turn);
  OnStandingRead(turn.state.standing, host, event);
  OnRouteRead(turn.state.desk, host, event);
}

void OnRouteLost(Turn& turn, const RouteLost& event) {
  TurnSwitchHost host(turn);
  OnStandingLost(turn.state.standing, event);
  OnRouteLost(turn.state.desk, host, event);
}

void OnBackendChecked(Turn& turn, const BackendChecked& event) {
  TurnSwitchHost host(turn);
  OnBackendChecked(turn.state.desk, host, event);
}

void OnApplicationObserved(Turn& turn, const ApplicationObserved& event) {
  TurnSwitchHost host(turn);
  OnStandingApplication(turn.state.standing, host, event);
  OnApplicationObserved(turn.state.desk, host, event);
}

void OnApplicationGone(Turn& turn, const ApplicationGone& event) {
  TurnSwitchHost host(turn);
  OnApplicationGone(turn.state.desk, host, event);
}

void OnProbesTold(Turn& turn, const ProbesTold& event) {
  TurnSwitchHost host(turn);
  OnProbesTold(turn.state.desk, host, event);
}

void OnHookAnswered(Turn& turn, const HookAnswered& event) {
  TurnSwitchHost host(turn);
  OnHookAnswered(turn.state.desk, host, event);
}

void OnPlanSwitch(Turn& turn, const PlanSwitch& event) {
  TurnSwitchHost host(turn);
  OnPlanSwitch(turn.state.desk, host, event);
}

void OnStartSwitch(Turn& turn, const StartSwitch& event) {
  TurnSwitchHost host(turn);
  OnStartSwitch(turn.state.desk, host, event);
}

void OnOrderSwitch(Turn& turn, const OrderSwitch& event) {
  TurnSwitchHost host(turn);
  OnOrderSwitch(turn.state.desk, host, event);
}

void OnClusterUsage(Turn& turn, const ClusterUsage& event) {
  for (const auto& [name, millicores] : event.cpu_millicores) {
    if (Node* node = turn.FindNode({event.cluster, name})) node->cpu_used_millicores = millicores;
  }
}

void OnSwitchDue(Turn& turn, const std::string& name) {
  if (const std::optional<std::string> policy = PolicyOfTimer(name)) return OnStandingDue(turn, *policy);
  TurnSwitchHost host(turn);
  OnSwitchDue(turn.state.desk, host, name);
}

void OnShapeAnswered(Turn& turn, OpenDecision& open, const ActionFinished& event) {
  Action* action = FindAction(open.decision, event.number);
  if (action == nullptr || HasEnded(*action)) return;
  // That an earlier try came to nothing says nothing about the one that is under way.
  const bool nothing =
      event.outcome == ActionOutcome::kWithdrawn || event.outcome == ActionOutcome::kUnreachable;
  if (nothing && event.attempt != 0 && event.attempt < action->attempts) return;
  Record(*action, event, turn.now);
  if (action->state == ActionState::kDone) open.decision.timings.acted = turn.now;
  turn.Changed(open);
  TurnSwitchHost host(turn);
  OnWishAnswered(turn.state.desk, host, event);
}

void RestoreSwitches(Turn& turn) {
  TurnSwitchHost host(turn);
  for (auto& [id, open] : turn.state.open) {
    if (open.decision.kind != DecisionKind::kSwitch) continue;
    // What became of it is read back from the gateway, and what is still wished is written anew (L4, L7).
    SkipWhatIsOpen(open.decision, "whether it was done is not known: the coordinator was restarted");
    turn.Changed(open);
    const auto record = turn.state.restored_switches.find(id);
    if (record == turn.state.restored_switches.end()) {
      turn.Close(
          open, DecisionState::kFailed,
          "The coordinator was restarted, and its store does not hold how far the switch had come: look "
          "at the routes, and start another switch");
      continue;
    }
    const uint32_t actions = open.decision.actions.empty() ? 0 : open.decision.actions.back().number;
    RestoreOnDesk(turn.state.desk, host, id, actions, record->second);
    if (record->second.origin == SwitchOrigin::kOperator) WatchBlue(turn, record->second.spec);
    turn.SwitchChanges(record->second.spec.name);
  }
  turn.state.restored_switches.clear();
  RestoreStanding(turn);
}

}  // namespace evenkeel::coordinator
