#include "coordinator/core/turn.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "common/base/check.h"
#include "coordinator/core/fencing_settings.h"
#include "coordinator/core/scale/look.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/switch_desk.h"

namespace evenkeel::coordinator {

Cluster* Turn::FindCluster(const std::string& name) {
  const auto found = state.clusters.find(name);
  return found == state.clusters.end() ? nullptr : &found->second;
}

Node* Turn::FindNode(const NodeKey& key) {
  Cluster* cluster = FindCluster(key.cluster);
  if (cluster == nullptr) return nullptr;
  const auto found = cluster->nodes.find(key.node);
  return found == cluster->nodes.end() ? nullptr : &found->second;
}

Scaler* Turn::FindScaler(const std::string& policy) {
  const auto found = state.scalers.find(policy);
  return found == state.scalers.end() ? nullptr : &found->second;
}

Scaler* Turn::ScalerOf(const Decision& decision) {
  const Cluster* cluster = decision.workload.empty() ? nullptr : FindCluster(decision.cluster);
  if (cluster == nullptr) return nullptr;
  const auto found = cluster->scaled.find(decision.workload);
  return found == cluster->scaled.end() ? nullptr : FindScaler(found->second);
}

OpenDecision* Turn::FindOpen(const std::optional<DecisionId>& id) {
  if (!id) return nullptr;
  const auto found = state.open.find(*id);
  if (found == state.open.end() || found->second.decision.state != DecisionState::kOpen) return nullptr;
  return &found->second;
}

Cluster& Turn::ClusterOf(const Node& node) {
  Cluster* cluster = FindCluster(node.key.cluster);
  EVENKEEL_CHECK(cluster != nullptr) << "node " << node.key.node << " belongs to no cluster";
  return *cluster;
}

absl::Duration Turn::HoldOf(const Node& node) {
  const FailoverPolicy& policy = ClusterOf(node).policy;
  return ReadmitAfter(policy.readmit_after, policy.max_readmit_after, node.record.hold_down);
}

Decision Turn::NewDecision(DecisionKind kind, const Cluster& cluster) {
  Decision decision;
  decision.id = {state.epoch, ++state.decisions};
  decision.kind = kind;
  decision.cluster = cluster.name;
  decision.policy = cluster.policy_name;
  decision.policy_etag = cluster.policy_etag;
  decision.timings.intended = now;
  return decision;
}

OpenDecision& Turn::Open(DecisionKind kind, Node& node) {
  EVENKEEL_CHECK(FindOpen(node.open_decision) == nullptr)
      << "a second decision on node " << node.key.node << " while " << node.open_decision->ToString()
      << " is open";
  Cluster& cluster = ClusterOf(node);
  Decision decision = NewDecision(kind, cluster);
  const DecisionId id = decision.id;
  decision.node = node.key.node;
  decision.node_uid = node.record.uid;
  decision.verdict = node.verdict;
  decision.confidence = node.confidence;
  OpenDecision& open = state.open[id];
  open.decision = std::move(decision);
  node.open_decision = id;
  cluster.open.insert(id);
  Changed(open);
  Changed(node);
  return open;
}

namespace {

// A decision on a workload is its scaler's, and goes by its policy and not by the cluster's.
void SetSubject(const Scaler& scaler, Decision& decision) {
  decision.workload = scaler.policy.target;
  decision.workload_uid = scaler.record.uid;
  decision.policy = scaler.record.policy;
  decision.policy_etag = scaler.policy_etag;
}

}  // namespace

OpenDecision& Turn::Open(DecisionKind kind, Scaler& scaler) {
  EVENKEEL_CHECK(FindOpen(scaler.open_decision) == nullptr)
      << "a second decision on " << scaler.policy.target.ToString() << " while "
      << scaler.open_decision->ToString() << " is open";
  Cluster* cluster = FindCluster(scaler.policy.cluster);
  EVENKEEL_CHECK(cluster != nullptr) << "scaler " << scaler.record.policy << " belongs to no cluster";
  OpenDecision& open = Open(kind, *cluster);
  SetSubject(scaler, open.decision);
  scaler.open_decision = open.decision.id;
  cluster->open.insert(open.decision.id);
  Changed(scaler);
  return open;
}

OpenDecision& Turn::Open(DecisionKind kind, Cluster& cluster) {
  Decision decision = NewDecision(kind, cluster);
  OpenDecision& open = state.open[decision.id];
  open.decision = std::move(decision);
  Changed(open);
  return open;
}

OpenDecision& Turn::OpenSwitch(const std::string& from) {
  const DecisionId id{state.epoch, ++state.decisions};
  OpenDecision& open = state.open[id];
  open.decision.id = id;
  open.decision.kind = DecisionKind::kSwitch;
  open.decision.cluster = from;
  open.decision.timings.intended = now;
  Changed(open);
  return open;
}

DecisionId Turn::Record(DecisionKind kind, const Node& node, DecisionState end, Decision decision) {
  decision.node = node.key.node;
  decision.node_uid = node.record.uid;
  decision.verdict = node.verdict;
  decision.confidence = node.confidence;
  return Record(kind, ClusterOf(node), end, std::move(decision));
}

DecisionId Turn::Record(DecisionKind kind, const Cluster& cluster, DecisionState end, Decision decision) {
  Decision fresh = NewDecision(kind, cluster);
  decision.id = fresh.id;
  decision.kind = kind;
  decision.cluster = fresh.cluster;
  decision.policy = fresh.policy;
  decision.policy_etag = fresh.policy_etag;
  decision.timings.intended = now;
  decision.timings.closed = now;
  decision.state = end;
  OpenDecision& open = state.open[fresh.id];
  open.decision = std::move(decision);
  Changed(open);
  return fresh.id;
}

DecisionId Turn::Record(DecisionKind kind, const Scaler& scaler, DecisionState end, Decision decision) {
  Cluster* cluster = FindCluster(scaler.policy.cluster);
  EVENKEEL_CHECK(cluster != nullptr) << "scaler " << scaler.record.policy << " belongs to no cluster";
  const DecisionId id = Record(kind, *cluster, end, std::move(decision));
  SetSubject(scaler, state.open.at(id).decision);
  return id;
}

void Turn::Close(OpenDecision& open, DecisionState end, std::string outcome) {
  Decision& decision = open.decision;
  EVENKEEL_CHECK(decision.state == DecisionState::kOpen) << decision.id.ToString() << " is closed twice";
  decision.state = end;
  decision.outcome = std::move(outcome);
  decision.timings.closed = now;
  state.timers.Clear({TimerKind::kDecisionTimeout, {}, decision.id});
  state.timers.Clear({TimerKind::kRetry, {}, decision.id});
  state.timers.Clear({TimerKind::kLatePods, {}, decision.id});
  if (Cluster* cluster = FindCluster(decision.cluster)) {
    cluster->open.erase(decision.id);
    Burst& burst = cluster->burst;
    if (burst.open_decision == decision.id) burst.open_decision.reset();
    if (burst.headroom.open_change == decision.id) burst.headroom.open_change.reset();
    if (burst.headroom.open_ask == decision.id) burst.headroom.open_ask.reset();
    for (const std::string& controller : open.waits_for) {
      const auto waiting = cluster->recovering.find(controller);
      waiting->second.erase(decision.id);
      if (waiting->second.empty()) cluster->recovering.erase(waiting);
    }
    open.waits_for.clear();
  }
  if (Node* node = FindNode({decision.cluster, decision.node});
      node != nullptr && node->open_decision == decision.id) {
    node->open_decision.reset();
    Changed(*node);
  }
  if (Scaler* scaler = ScalerOf(decision); scaler != nullptr && scaler->open_decision == decision.id) {
    scaler->open_decision.reset();
    Changed(*scaler);
  }
  Changed(open);
}

void Turn::WatchPods(OpenDecision& open, const std::vector<WorkloadRecovery>& workloads) {
  Cluster* cluster = FindCluster(open.decision.cluster);
  for (const WorkloadRecovery& workload : workloads) {
    cluster->recovering[workload.controller.uid].insert(open.decision.id);
    open.waits_for.insert(workload.controller.uid);
  }
}

void Turn::Release(OpenDecision& open, Action& action) {
  action.state = ActionState::kReleased;
  action.release_time = now;
  ++action.attempts;
  effects_.actions.push_back({open.decision.id, open.decision.cluster, action});
  Changed(open);
}

void Turn::Withdraw(const OpenDecision& open, const std::string& reason) {
  const std::vector<Action>& actions = open.decision.actions;
  const bool handed_out = std::any_of(actions.begin(), actions.end(), [](const Action& action) {
    return action.state == ActionState::kReleased;
  });
  if (handed_out) Ask(WithdrawActions{open.decision.cluster, open.decision.id, reason});
}

void Turn::Show(Scaler& scaler) {
  changed_scalers_.erase(scaler.record.policy);
  auto status = std::make_shared<ScalerStatus>();
  Describe(*FindCluster(scaler.policy.cluster), scaler, now, *status);
  // A look makes it another one whatever it has shown.
  const bool looked = scaler.published == nullptr || scaler.published->looked != status->looked;
  if (!looked && *scaler.published == *status) return;
  scaler.published = status;
  effects_.notices.push_back(ScalerChanged{std::move(status)});
}

void Turn::RecordChanged(StoredSwitch stored) {
  switch_records_[stored.decision] = std::move(stored.record);
}

void Turn::ShowSwitch(const std::string& name) {
  const auto shown = state.shown_switches.find(name);
  const auto found = state.desk.switches.find(name);
  if (found == state.desk.switches.end()) {
    if (shown == state.shown_switches.end()) return;
    effects_.notices.push_back(SwitchGone{shown->second.decision, name});
    state.shown_switches.erase(shown);
    return;
  }
  if (!found->second.decision) return;  // only planned
  SwitchStatus status = StatusOf(found->second);
  if (shown != state.shown_switches.end() && shown->second == status) return;
  state.shown_switches.insert_or_assign(name, status);
  effects_.notices.push_back(SwitchChanged{std::move(status)});
}

void Turn::Erase(const Node& node) {
  changed_records_.erase(node.key);
  effects_.writes.push_back(DeleteNodeRecord{node.key});
}

void Turn::Erase(const Scaler& scaler) {
  changed_scaler_records_.erase(scaler.record.policy);
  changed_scalers_.erase(scaler.record.policy);
  effects_.writes.push_back(EraseScalerRecord{scaler.record.policy});
  effects_.notices.push_back(ScalerGone{scaler.record.policy});
}

void Turn::AnnounceStep(const Decision& decision, absl::string_view step, bool warning,
                        absl::string_view reason, absl::string_view message) {
  const Action* scaling = nullptr;
  for (const Action& action : decision.actions) {
    if (action.replicas) scaling = &action;
  }
  Ask(Announce{.cluster = decision.cluster,
               .decision = decision.id,
               .step = std::string(step),
               .node = decision.node,
               .node_uid = decision.node_uid,
               .workload = decision.workload,
               .workload_version = scaling == nullptr ? "" : scaling->replicas->version,
               .workload_uid = decision.workload_uid,
               .warning = warning,
               .reason = std::string(reason),
               .message = std::string(message)});
}

Effects Turn::Finish() {
  for (const DecisionId& id : changed_decisions_) {
    effects_.writes.push_back(PutDecision{state.open.at(id).decision});
  }
  for (const NodeKey& key : changed_records_) {
    if (const Node* node = FindNode(key)) effects_.writes.push_back(PutNodeRecord{node->record});
  }
  for (const std::string& name : changed_clusters_) {
    if (const Cluster* cluster = FindCluster(name))
      effects_.writes.push_back(PutClusterRecord{cluster->record});
  }
  for (const std::string& policy : changed_scaler_records_) {
    if (Scaler* scaler = FindScaler(policy)) {
      scaler->record.written = now;
      effects_.writes.push_back(PutScalerRecord{scaler->record});
      scaler->unwritten_since.reset();
      const auto& highest = scaler->record.memory.recommendations.highest;
      scaler->written_wanted.reset();
      if (!highest.empty()) scaler->written_wanted = highest.back().replicas;
    }
  }
  for (auto& [id, record] : switch_records_) {
    effects_.writes.push_back(PutSwitchRecord{{id, std::move(record)}});
  }
  for (const NodeKey& key : changed_nodes_) {
    Node* node = FindNode(key);
    if (node == nullptr) continue;
    VerdictChanged view{.node = key,
                        .verdict = node->verdict,
                        .reason = node->reason,
                        .confidence = node->confidence,
                        .since = node->since,
                        .failed_over = node->record.failed_over,
                        .open_decision = node->open_decision,
                        .relapses = node->record.hold_down.relapses,
                        .readmit_after = HoldOf(*node),
                        .readmission_due = {},
                        .self_fencing = SelfFencingOf(ClusterOf(*node), *node)};
    if (node->well_since) view.readmission_due = *node->well_since + view.readmit_after;
    if (node->published && *node->published == view) continue;
    node->published = view;
    effects_.notices.push_back(std::move(view));
  }
  for (const std::string& policy : std::exchange(changed_scalers_, {})) {
    if (Scaler* scaler = FindScaler(policy)) Show(*scaler);
  }
  for (const std::string& name : changed_switches_) ShowSwitch(name);
  for (SightChanged& sight : sights_) effects_.notices.push_back(std::move(sight));
  for (DomainSightChanged& sight : domain_sights_) effects_.notices.push_back(std::move(sight));
  for (PatienceChanged& patience : patiences_) effects_.notices.push_back(std::move(patience));
  for (const DecisionId& id : changed_decisions_) {
    const auto found = state.open.find(id);
    effects_.notices.push_back(DecisionChanged{found->second.decision});
    if (found->second.decision.state != DecisionState::kOpen) state.open.erase(found);
  }
  return std::move(effects_);
}

}  // namespace evenkeel::coordinator
