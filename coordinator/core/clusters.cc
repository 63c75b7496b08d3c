#include "coordinator/core/clusters.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/carry_burst.h"
#include "coordinator/core/burst/drain_backs.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/failover.h"
#include "coordinator/core/fencing.h"
#include "coordinator/core/gray_ladder.h"
#include "coordinator/core/gray_readmission.h"
#include "coordinator/core/nodes.h"
#include "coordinator/core/orders.h"
#include "coordinator/core/policies.h"
#include "coordinator/core/recovery.h"
#include "coordinator/core/replan.h"
#include "coordinator/core/scale/carry_scale.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sessions.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/standing_turn.h"
#include "coordinator/core/storm.h"

namespace evenkeel::coordinator {
namespace {

void CloseRestored(Turn& turn, OpenDecision& open, DecisionState end, const char* outcome) {
  for (Action& action : open.decision.actions) {
    if (action.state == ActionState::kPending) action.state = ActionState::kSkipped;
    if (action.state != ActionState::kDone && action.state != ActionState::kFailed) {
      action.result = "whether it was done is not known: the coordinator was restarted";
    }
  }
  turn.Close(open, end, outcome);
}

// A storm that was noted in a blindness which nobody saw end may have gone on until now (L6).
void RestoreStorm(Turn& turn, Cluster& cluster, const Decision& blindness) {
  if (cluster.record.storm < blindness.timings.detected.value_or(absl::InfiniteFuture())) return;
  NoteStorm(turn, cluster, cluster.record.storm_reason);
}

// L4: each open decision of the cluster is carried on or closed.
void RestoreDecisions(Turn& turn, Cluster& cluster) {
  for (auto& [id, open] : turn.state.open) {
    if (open.decision.cluster != cluster.name) continue;
    if (!open.decision.node.empty()) {
      Node& node = cluster.nodes.try_emplace(open.decision.node).first->second;
      node.key = {cluster.name, open.decision.node};
      node.open_decision = id;
      cluster.open.insert(id);
    }
    switch (open.decision.kind) {
      case DecisionKind::kFailover:
        RestoreFailover(turn, open);
        break;
      case DecisionKind::kGray:
        RestoreLadder(turn, open);
        break;
      case DecisionKind::kScale:
      case DecisionKind::kTakeOver:
        RestoreScale(turn, cluster, open);
        break;
      case DecisionKind::kReadmission:
      case DecisionKind::kGrayReadmission:
        CloseRestored(turn, open, DecisionState::kCancelled,
                      "The coordinator was restarted: the node has to be well for the whole time again");
        break;
      case DecisionKind::kRebalance:
        CloseRestored(turn, open, DecisionState::kCancelled,
                      "The coordinator was restarted: pods stay where they are");
        break;
      case DecisionKind::kBurst:
      case DecisionKind::kValve:
      case DecisionKind::kFirstToGo:
      case DecisionKind::kBackOff:
      case DecisionKind::kHeadroom:
        RestoreVirtualNodes(turn, cluster, open);
        break;
      case DecisionKind::kDrainBack:
        RestoreDrainBack(cluster, open);
        break;
      case DecisionKind::kSwitch:
        break;  // it goes on already: RestoreSwitches
      case DecisionKind::kBlind:
        RestoreStorm(turn, cluster, open.decision);
        [[fallthrough]];
      case DecisionKind::kAgentLost:
      case DecisionKind::kMaintenance:
      case DecisionKind::kPause:
        CloseRestored(turn, open, DecisionState::kSucceeded,
                      "The coordinator was restarted; nothing was decided meanwhile");
        break;
    }
  }
}

// Kubernetes' objects are complete for the first time since the start. Once per start, so walks are no cost
// per event.
void OnFirstList(Turn& turn, Cluster& cluster) {
  cluster.sight.listed = true;
  cluster.sight.grace_until = turn.now + kStartGrace;
  std::vector<NodeKey> gone;
  for (auto& [name, node] : cluster.nodes) {
    if (!node.facts) {
      gone.push_back(node.key);
    } else if (node.facts->failover_taint && !node.record.failed_over) {
      AdoptTaint(turn, node);
    }
    if (node.facts && node.facts->gray_taint && !node.record.gray.tainted) AdoptGrayTaint(turn, node);
  }
  for (const NodeKey& key : gone) OnNodeGone(turn, {key});
  UpdateFencing(turn, cluster);
  for (const DecisionId& id : std::vector<DecisionId>(cluster.open.begin(), cluster.open.end())) {
    OpenDecision* open = turn.FindOpen(id);
    if (open != nullptr && open->decision.kind == DecisionKind::kGray) TimeLadder(turn, *open);
    if (open == nullptr || open->decision.kind != DecisionKind::kFailover) continue;
    Node* node = turn.FindNode({cluster.name, open->decision.node});
    if (AllEnded(open->decision)) EnterRecovery(turn, *open);
    // Also where only its recovery was left: what comes to a node that lives is left alone.
    if (node != nullptr && node->session && !node->silence) {
      OnNodeLives(turn, *node,
                  {turn.now, absl::StrCat("node ", node->key.node), node->reason, Direction::kForLife});
    }
  }
}

}  // namespace

void OnClusterAdded(Turn& turn, const ClusterAdded& event) {
  const auto [place, fresh] = turn.state.clusters.try_emplace(event.cluster);
  if (!fresh) return;
  Cluster& cluster = place->second;
  cluster.name = event.cluster;
  cluster.api_address = event.api_address;
  cluster.api_port = event.api_port;
  if (const auto restored = turn.state.restored.find(event.cluster); restored != turn.state.restored.end()) {
    for (NodeRecord& record : restored->second) {
      Node& node = cluster.nodes[record.key.node];
      node.key = record.key;
      node.reason = "the coordinator has just started and has not heard of it yet";
      node.since = turn.now;
      if (record.failed_over) cluster.failed_over.insert(record.key.node);
      if (record.fencing.condemned) cluster.condemned.insert(record.key.node);
      node.record = std::move(record);
    }
    turn.state.restored.erase(restored);
  }
  if (auto restored = turn.state.restored_clusters.extract(event.cluster); !restored.empty()) {
    cluster.record = std::move(restored.mapped());
  }
  cluster.record.cluster = event.cluster;
  if (auto restored = turn.state.restored_maintenance.extract(event.cluster); !restored.empty()) {
    for (Maintenance& window : restored.mapped()) cluster.maintenance[window.node.node] = std::move(window);
  }
  RestoreOrders(turn, cluster);
  RestoreDecisions(turn, cluster);
  BeginScalers(turn, cluster);  // before anything asks who has decisions on workloads
  UpdateBurst(turn, cluster);
  EnforcePolicy(turn, cluster);
}

void OnApiChanged(Turn& turn, const ApiChanged& event) {
  Cluster* cluster = turn.FindCluster(event.cluster);
  if (cluster == nullptr) return;
  cluster->sight.api_reachable = event.reachable;
  cluster->sight.api_detail = event.detail;
  if (event.server_minor != 0) cluster->server_minor = event.server_minor;
  if (event.reachable && !cluster->sight.listed) OnFirstList(turn, *cluster);
  UpdateSight(turn, *cluster);
  // What waited for the API alone goes on; the rest waits for sight and fresh verdicts (L8).
  if (event.reachable) CarryOn(turn, *cluster);
  LookSoon(turn, *cluster);
  BurstLookSoon(turn, *cluster);
  // What the coordinator's own asking has found may be older: there is news of now.
  cluster->api_away_since =
      event.reachable ? absl::InfiniteFuture() : std::min(cluster->api_away_since, turn.now);
  LossLookSoon(turn, cluster->name);
}

void OnSightDue(Turn& turn, Cluster& cluster) {
  Sight& sight = cluster.sight;
  if (!sight.grace_ended && turn.now >= sight.grace_until) {
    // L2: who has not come back is known before sight is judged: they may be too many.
    sight.counts = true;
    OnGraceEnded(turn, cluster);
    sight.counts = false;
    sight.grace_ended = true;
  }
  UpdateSight(turn, cluster);
}

}  // namespace evenkeel::coordinator
