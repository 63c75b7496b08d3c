#include "coordinator/core/orders.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/scale/scalers.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/standing.h"

namespace evenkeel::coordinator {
namespace {

std::string Until(absl::Time end) {
  return end == absl::InfiniteFuture() ? "until it is resumed" : absl::StrCat("until ", SayTime(end));
}

// ---- maintenance ----

void RecordMaintenance(Turn& turn, Cluster& cluster, const std::string& node, std::string summary,
                       std::string outcome, const char* event) {
  Decision decision;
  decision.node = node;
  decision.summary = std::move(summary);
  decision.outcome = std::move(outcome);
  decision.timings.judged = turn.now;
  const DecisionId id =
      turn.Record(DecisionKind::kMaintenance, cluster, DecisionState::kSucceeded, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "ordered", false, event, recorded.summary);
}

void SetMaintenance(Turn& turn, Cluster& cluster, const Maintenance& window) {
  cluster.maintenance[window.node.node] = window;
  turn.state.timers.Set({TimerKind::kMaintenance, window.node, {}}, window.end);
  turn.Write(PutMaintenance{window});
  turn.Tell(MaintenanceChanged{window.node, window});
  if (Node* node = turn.FindNode(window.node)) UpdateStanding(turn, *node);
}

void EndWindow(Turn& turn, Cluster& cluster, const NodeKey& key, const std::string& how) {
  const Maintenance window = cluster.maintenance.at(key.node);
  cluster.maintenance.erase(key.node);
  turn.state.timers.Clear({TimerKind::kMaintenance, key, {}});
  turn.Write(EraseMaintenance{key});
  turn.Tell(MaintenanceChanged{key, std::nullopt});
  Node* node = turn.FindNode(key);
  const bool silent = node != nullptr && node->silence.has_value();
  RecordMaintenance(turn, cluster, key.node, absl::StrCat("The maintenance of ", key.node, " ", how),
                    silent ? absl::StrCat(key.node, " is still silent: it is judged as any other node now")
                           : absl::StrCat(key.node, " is treated as any other node again"),
                    "NodeMaintenanceEnded");
  if (node == nullptr) return;
  UpdateStanding(turn, *node);
  if (!silent) return;
  node->silence->settled = false;
  turn.state.timers.Set({TimerKind::kCheck, key, {}}, turn.now);
}

// Of a cluster that is not watched, or not yet: nothing follows from its end, and its record is all there is
// to delete. None: there is no such window.
std::optional<Maintenance> ForgetWindow(Turn& turn, const NodeKey& key) {
  const auto windows = turn.state.restored_maintenance.find(key.cluster);
  if (windows == turn.state.restored_maintenance.end()) return std::nullopt;
  const auto window = std::find_if(windows->second.begin(), windows->second.end(),
                                   [&key](const Maintenance& each) { return each.node == key; });
  if (window == windows->second.end()) return std::nullopt;
  Maintenance ended = std::move(*window);
  windows->second.erase(window);
  if (windows->second.empty()) turn.state.restored_maintenance.erase(windows);
  turn.Write(EraseMaintenance{key});
  return ended;
}

// What a window that begins means for what is under way on the node: the care for a sick one asks before each
// step, and waits.
std::string WhatIsLeft(Turn& turn, const Node& node) {
  const OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr) return "Nothing is done to it until then";
  const bool waits = open->decision.kind == DecisionKind::kGray;
  return absl::StrCat("Nothing new is done to it until then; decision ", open->decision.id.ToString(),
                      waits ? " waits" : " is carried to its end");
}

// ---- pause ----

absl::StatusOr<std::vector<Cluster*>> ClustersOf(Turn& turn, const std::string& name) {
  std::vector<Cluster*> clusters;
  for (auto& [known, cluster] : turn.state.clusters) {
    if (name.empty() || name == known) clusters.push_back(&cluster);
  }
  if (clusters.empty()) return absl::NotFoundError(absl::StrCat("there is no cluster ", name));
  return clusters;
}

void RecordPause(Turn& turn, Cluster& cluster, std::string summary, std::string outcome, const char* event,
                 bool warning) {
  Decision decision;
  decision.summary = std::move(summary);
  decision.outcome = std::move(outcome);
  decision.timings.judged = turn.now;
  const DecisionId id =
      turn.Record(DecisionKind::kPause, cluster, DecisionState::kSucceeded, std::move(decision));
  const Decision& recorded = turn.state.open.at(id).decision;
  turn.AnnounceStep(recorded, "ordered", warning, event, recorded.summary);
}

void SetPause(Turn& turn, Cluster& cluster, const Pause& pause) {
  cluster.record.pause = pause;
  turn.RecordChanged(cluster);
  turn.Tell(PauseChanged{cluster.name, pause});
  const TimerKey timer{TimerKind::kPause, {cluster.name, ""}, {}};
  if (pause.end == absl::InfiniteFuture()) {
    turn.state.timers.Clear(timer);
  } else {
    turn.state.timers.Set(timer, pause.end);
  }
}

void EndPause(Turn& turn, Cluster& cluster, const std::string& how) {
  const Pause pause = *std::exchange(cluster.record.pause, std::nullopt);
  turn.RecordChanged(cluster);
  turn.state.timers.Clear({TimerKind::kPause, {cluster.name, ""}, {}});
  turn.Tell(PauseChanged{cluster.name, std::nullopt});
  RecordPause(turn, cluster, absl::StrCat("The pause of ", cluster.name, " ", how),
              absl::StrCat("It was paused for ", Say(turn.now - pause.start),
                           ". What is still needed is judged again before anything is done"),
              "EvenkeelResumed", false);
  for (const std::string& name : cluster.silent) {
    turn.state.timers.Set({TimerKind::kCheck, {cluster.name, name}, {}}, turn.now);
  }
  CarryOn(turn, cluster);
  LookSoon(turn, cluster);
  BurstLookSoon(turn, cluster);
}

}  // namespace

void OnStartMaintenance(Turn& turn, const StartMaintenance& event) {
  Reply reply{.request_id = event.request_id};
  Cluster* cluster = turn.FindCluster(event.node.cluster);
  const Node* node = turn.FindNode(event.node);
  if (cluster == nullptr || node == nullptr || !node->facts) {
    reply.status = absl::NotFoundError(
        absl::StrCat("Kubernetes shows no node ", event.node.node, " in cluster ", event.node.cluster));
    return turn.Answer(std::move(reply));
  }
  Maintenance window{
      .node = event.node, .start = turn.now, .end = turn.now + event.length, .reason = event.reason};
  const auto known = cluster->maintenance.find(event.node.node);
  if (known != cluster->maintenance.end()) window.start = known->second.start;
  reply.maintenance = window;
  if (!event.validate_only) {
    SetMaintenance(turn, *cluster, window);
    RecordMaintenance(turn, *cluster, event.node.node,
                      absl::StrCat(event.node.node, " is under maintenance until ", SayTime(window.end),
                                   Because(window.reason)),
                      WhatIsLeft(turn, *node), "NodeMaintenanceStarted");
  }
  turn.Answer(std::move(reply));
}

void OnEndMaintenance(Turn& turn, const EndMaintenance& event) {
  Reply reply{.request_id = event.request_id};
  Cluster* cluster = turn.FindCluster(event.node.cluster);
  if (cluster == nullptr) {
    reply.maintenance = ForgetWindow(turn, event.node);
    if (reply.maintenance) return turn.Answer(std::move(reply));
  }
  if (cluster == nullptr || !cluster->maintenance.contains(event.node.node)) {
    reply.status = absl::NotFoundError(absl::StrCat("node ", event.node.node, " of cluster ",
                                                    event.node.cluster, " is not under maintenance"));
    return turn.Answer(std::move(reply));
  }
  reply.maintenance = cluster->maintenance.at(event.node.node);
  EndWindow(turn, *cluster, event.node, "was ended by an operator");
  turn.Answer(std::move(reply));
}

void OnPauseClusters(Turn& turn, const PauseClusters& event) {
  Reply reply{.request_id = event.request_id};
  const absl::StatusOr<std::vector<Cluster*>> clusters = ClustersOf(turn, event.cluster);
  reply.status = clusters.status();
  if (!clusters.ok()) return turn.Answer(std::move(reply));
  for (Cluster* cluster : *clusters) {
    Pause pause{
        .cluster = cluster->name, .start = turn.now, .end = turn.now + event.length, .reason = event.reason};
    if (cluster->record.pause) pause.start = cluster->record.pause->start;
    reply.pauses.push_back(pause);
    if (event.validate_only) continue;
    SetPause(turn, *cluster, pause);
    const std::string what =
        absl::StrCat("an operator has paused ", cluster->name, " ", Until(pause.end), Because(pause.reason));
    RecordPause(turn, *cluster, absl::StrCat("Nothing is done in ", cluster->name, ": ", what),
                "What would be done meanwhile is recorded as refused", "EvenkeelPaused", true);
    Freeze(turn, *cluster, what, [](const Node&) { return true; });
    for (const DecisionId& id : cluster->open) {
      if (const OpenDecision* open = turn.FindOpen(id)) turn.Withdraw(*open, what);
    }
    LookSoon(turn, *cluster);
  }
  turn.Answer(std::move(reply));
}

void OnResumeClusters(Turn& turn, const ResumeClusters& event) {
  Reply reply{.request_id = event.request_id};
  const absl::StatusOr<std::vector<Cluster*>> clusters = ClustersOf(turn, event.cluster);
  reply.status = clusters.status();
  if (!clusters.ok()) return turn.Answer(std::move(reply));
  for (Cluster* cluster : *clusters) {
    if (!cluster->record.pause) continue;
    reply.pauses.push_back(*cluster->record.pause);
    EndPause(turn, *cluster, "was ended by an operator");
  }
  turn.Answer(std::move(reply));
}

void OnMaintenanceDue(Turn& turn, const NodeKey& key) {
  Cluster* cluster = turn.FindCluster(key.cluster);
  if (cluster != nullptr && cluster->maintenance.contains(key.node))
    EndWindow(turn, *cluster, key, "is over");
}

void OnPauseDue(Turn& turn, Cluster& cluster) {
  if (cluster.record.pause) EndPause(turn, cluster, "is over");
}

void RestoreOrders(Turn& turn, Cluster& cluster) {
  for (const auto& [name, window] : cluster.maintenance) {
    turn.state.timers.Set({TimerKind::kMaintenance, window.node, {}}, window.end);
    turn.Tell(MaintenanceChanged{window.node, window});
  }
  if (cluster.record.pause) SetPause(turn, cluster, Pause(*cluster.record.pause));
}

}  // namespace evenkeel::coordinator
