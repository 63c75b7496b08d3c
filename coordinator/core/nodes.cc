#include "coordinator/core/nodes.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/gray_ladder.h"
#include "coordinator/core/gray_readmission.h"
#include "coordinator/core/node_health.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/readmission.h"
#include "coordinator/core/rebalance.h"
#include "coordinator/core/round.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing.h"
#include "coordinator/core/verdicts.h"

namespace evenkeel::coordinator {
namespace {

// The node object that decisions and record were about is no more.
void EndWhatWasOpen(Turn& turn, Node& node, const std::string& why) {
  OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr) return;
  switch (open->decision.kind) {
    case DecisionKind::kFailover:
      return EndFailover(turn, *open, why);
    case DecisionKind::kRebalance:
      return EndRebalance(turn, *open, why);
    case DecisionKind::kGray:
      return EndLadder(turn, *open, DecisionState::kCancelled, why);
    case DecisionKind::kReadmission:
    case DecisionKind::kGrayReadmission:
    case DecisionKind::kFirstToGo:
    case DecisionKind::kBackOff:
      return turn.Close(*open, DecisionState::kCancelled, why);
    case DecisionKind::kAgentLost:
    case DecisionKind::kBlind:
    case DecisionKind::kMaintenance:
    case DecisionKind::kPause:
    case DecisionKind::kScale:
    case DecisionKind::kTakeOver:
    case DecisionKind::kBurst:
    case DecisionKind::kValve:
    case DecisionKind::kDrainBack:
    case DecisionKind::kHeadroom:
    case DecisionKind::kSwitch:
      return;  // never open on a node
  }
}

void ForgetRecord(Turn& turn, Cluster& cluster, Node& node) {
  FencingForgotten(turn, node);
  cluster.failed_over.erase(node.key.node);
  std::string agent_pod = node.session ? std::move(node.record.agent_pod) : "";
  // Its agent goes on by what it was told: no version may stand for two settings.
  const uint64_t told = node.session ? node.record.fencing.version : 0;
  node.record = {};
  node.record.agent_pod = std::move(agent_pod);
  node.record.fencing.version = told;
  node.record.key = node.key;
  node.record.agent_seen = node.session.has_value();
  UpdateStanding(turn, node);
  UpdateWell(turn, node);
  UpdateGrayWell(turn, node);
}

void ReplaceNode(Turn& turn, Cluster& cluster, Node& node) {
  EndWhatWasOpen(turn, node, absl::StrCat("the node object ", node.key.node, " was replaced by a new one"));
  ForgetRecord(turn, cluster, node);
  if (!node.silence) return;
  if (node.session) {
    node.silence->settled = false;  // the new node's agent is silent: its case is a new one
    turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now);
    return;
  }
  EndRound(turn, node);
  turn.state.timers.Clear({TimerKind::kCheck, node.key, {}});
  node.silence.reset();
  SetVerdict(turn, node, Verdict::kUnknown, "the node object is new, and no agent has spoken for it yet");
}

void PodChanged(Turn& turn, Cluster& cluster, const std::string& controller_uid) {
  const auto watching = cluster.recovering.find(controller_uid);
  if (watching == cluster.recovering.end()) return;
  for (const DecisionId& id : std::vector<DecisionId>(watching->second.begin(), watching->second.end())) {
    if (OpenDecision* open = turn.FindOpen(id)) OnWatchedPod(turn, *open);
  }
}

}  // namespace

void OnNodeObserved(Turn& turn, const NodeObserved& event) {
  Cluster* cluster = turn.FindCluster(event.node.cluster);
  if (cluster == nullptr) return;
  Node& node = cluster->nodes.try_emplace(event.node.node).first->second;
  node.key = event.node;
  if (node.facts == event.facts) return;
  const bool fresh = !node.facts.has_value();
  const bool was_ready = node.facts && node.facts->ready;
  const bool replaced = !node.record.uid.empty() && node.record.uid != event.facts.uid;
  if (replaced) ReplaceNode(turn, *cluster, node);
  const bool moved = node.facts && node.facts->address != event.facts.address;
  node.facts = event.facts;
  if (node.record.uid.empty()) {
    node.record.key = node.key;
    node.record.uid = event.facts.uid;
    if (node.record.agent_seen) turn.RecordChanged(node);
  }
  if (fresh) ++cluster->size;
  UpdateStanding(turn, node);
  if (fresh) {
    turn.Changed(node);
    UpdateBeats(turn, *cluster);
    UpdateSight(turn, *cluster);  // the budget grows with the cluster
    if (!node.record.agent_seen) {
      SetVerdict(turn, node, Verdict::kUnknown, "no agent has spoken for it, so its silence means nothing");
    }
  }
  // It fell silent before Kubernetes showed it; or its kubelet speaks again after the verdict.
  const bool to_check = node.silence && (fresh || (!was_ready && event.facts.ready));
  if (to_check && TakesPart(node)) {
    node.silence->settled = false;
    turn.state.timers.Set({TimerKind::kCheck, node.key, {}}, turn.now);
  }
  UpdateWitness(turn, node);
  UpdateWell(turn, node);
  UpdateGrayWell(turn, node);
  if (fresh) ReviewHealth(turn, node);  // its agent may have told before Kubernetes showed it
  if (fresh || replaced) FencingFactsSeen(turn, node);
  if (moved) FencingVoucherChanged(turn, *cluster, node.key.node);
  if (!event.facts.ready) StopRebalance(turn, node, absl::StrCat(node.key.node, " is not Ready any more"));
  if (event.facts.unschedulable) StopRebalance(turn, node, absl::StrCat(node.key.node, " was cordoned"));
  BurstNodeSeen(turn, *cluster, node);
}

void OnNodeGone(Turn& turn, const NodeGone& event) {
  Cluster* cluster = turn.FindCluster(event.node.cluster);
  Node* node = turn.FindNode(event.node);
  if (cluster == nullptr || node == nullptr) return;
  if (node->facts) --cluster->size;
  BurstNodeGone(turn, *cluster, event.node.node);
  if (node->silence) EndRound(turn, *node);
  for (const TimerKind kind : {TimerKind::kCheck, TimerKind::kRound, TimerKind::kHealth})
    turn.state.timers.Clear({kind, node->key, {}});
  EndWhatWasOpen(turn, *node, absl::StrCat(node->key.node, " was removed from Kubernetes"));
  if (!node->record.uid.empty() && node->record.agent_seen) turn.Erase(*node);
  node->facts.reset();
  ForgetRecord(turn, *cluster, *node);
  UpdateWitness(turn, *node);
  cluster->silent.erase(node->key.node);
  if (!node->session) cluster->nodes.erase(event.node.node);
  FencingVoucherChanged(turn, *cluster, event.node.node);
  UpdateBeats(turn, *cluster);
  UpdateSight(turn, *cluster);
}

void OnPodObserved(Turn& turn, const PodObserved& event) {
  Cluster* cluster = turn.FindCluster(event.pod.cluster);
  if (cluster == nullptr) return;
  const PodName name{event.pod.name_space, event.pod.name};
  const PodFacts* old = cluster->pods.Find(name);
  if (old != nullptr && *old == event.facts) return;
  const std::string old_controller = old == nullptr ? "" : old->controller.uid;
  const std::string old_node = old == nullptr ? "" : old->node;
  const std::string marked_on = old != nullptr && MustNotRunTwice(*old) ? old->node : "";
  cluster->pods.Put(name, event.facts);
  if (Node* node = turn.FindNode({cluster->name, event.facts.node}))
    OnPodOnNode(turn, *node, name, event.facts);
  if (!marked_on.empty() && marked_on != event.facts.node) FencingPodChanged(turn, cluster->name, marked_on);
  if (marked_on == event.facts.node ? !marked_on.empty() : MustNotRunTwice(event.facts)) {
    FencingPodChanged(turn, cluster->name, event.facts.node);
  }
  if (!old_controller.empty() && old_controller != event.facts.controller.uid)
    PodChanged(turn, *cluster, old_controller);
  PodChanged(turn, *cluster, event.facts.controller.uid);
  BurstPodSeen(turn, *cluster, name, event.facts, old_node);
}

void OnPodGone(Turn& turn, const PodGone& event) {
  Cluster* cluster = turn.FindCluster(event.pod.cluster);
  if (cluster == nullptr) return;
  const PodName name{event.pod.name_space, event.pod.name};
  const PodFacts* old = cluster->pods.Find(name);
  if (old == nullptr) return;
  const std::string controller = old->controller.uid;
  const std::string old_node = old->node;
  const std::string marked_on = MustNotRunTwice(*old) ? old->node : "";
  cluster->pods.Erase(name);
  BurstPodGone(turn, *cluster, name, old_node);
  if (!marked_on.empty()) FencingPodChanged(turn, cluster->name, marked_on);
  PodChanged(turn, *cluster, controller);
}

void AdoptTaint(Turn& turn, Node& node) {
  SetFailedOver(turn, node, true);
  UpdateWell(turn, node);
}

}  // namespace evenkeel::coordinator
