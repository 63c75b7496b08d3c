// One step of the core under way: the state, the time, and what the step asks for. Whatever changes a
// decision or a node's record says so here; the writes and notices are made of them once, at the end of the
// step, so that a decision changed three times in one step is written once, as it is at the end.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

class Turn {
 public:
  Turn(State& state, absl::Time now) : state(state), now(now) {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  State& state;
  const absl::Time now;
  // Of the scaler that is being looked at: here, so that a thousand looks share its memory.
  ScaleSight sight;

  // Null: not known.
  Cluster* FindCluster(const std::string& name);
  Node* FindNode(const NodeKey& key);
  Scaler* FindScaler(const std::string& policy);
  // The scaler of the decision's workload, whatever policy it has by now; null: the decision is about no
  // workload, or nothing scales it any more.
  Scaler* ScalerOf(const Decision& decision);
  // Null when there is none, or when it was closed in this step.
  OpenDecision* FindOpen(const std::optional<DecisionId>& id);
  Cluster& ClusterOf(const Node& node);  // must be there
  // How long the node must be well before it is readmitted.
  absl::Duration HoldOf(const Node& node);

  // Opens a decision on a node. L3: at most one is open a node, which is checked.
  OpenDecision& Open(DecisionKind kind, Node& node);
  // Opens a decision on a workload, under its scaler's policy. L3: at most one is open a workload, which is
  // checked.
  OpenDecision& Open(DecisionKind kind, Scaler& scaler);
  // Opens a decision kSwitch, under no policy; `from`: its blue cluster, watched or not. L3 is the desk's.
  OpenDecision& OpenSwitch(const std::string& from);
  // Opens a decision on a whole cluster; the caller remembers its id.
  OpenDecision& Open(DecisionKind kind, Cluster& cluster);
  // Records a decision that is closed from the start, besides the node's open one.
  DecisionId Record(DecisionKind kind, const Node& node, DecisionState end, Decision decision);
  // The same of a whole cluster, or of the node that `decision` names.
  DecisionId Record(DecisionKind kind, const Cluster& cluster, DecisionState end, Decision decision);
  // The same of a workload, besides its open one.
  DecisionId Record(DecisionKind kind, const Scaler& scaler, DecisionState end, Decision decision);
  void Close(OpenDecision& open, DecisionState end, std::string outcome);

  // Lets the decision hear of every change of the workloads' pods until it is closed.
  void WatchPods(OpenDecision& open, const std::vector<WorkloadRecovery>& workloads);

  // Marks the action as handed out and hands it out. L3: the step's writes hold the mark, and come first.
  void Release(OpenDecision& open, Action& action);

  // What has been handed out of the decision, and not been sent yet, is taken back.
  void Withdraw(const OpenDecision& open, const std::string& reason);

  void Changed(const OpenDecision& open) { changed_decisions_.insert(open.decision.id); }
  // The node's view (verdict, reason, open decision) may have changed.
  void Changed(const Node& node) { changed_nodes_.insert(node.key); }
  // The node's durable record has changed.
  void RecordChanged(const Node& node) {
    changed_records_.insert(node.key);
    changed_nodes_.insert(node.key);
  }
  // What is shown of the scaler may have changed.
  void Changed(const Scaler& scaler) { changed_scalers_.insert(scaler.record.policy); }
  // Shows the scaler as it is now, where that has changed: at once, and not at the step's end, by when a
  // thousand others may have been looked at and nothing of its pods is near any more.
  void Show(Scaler& scaler);
  // The scaler's durable record goes with this step.
  void RecordChanged(const Scaler& scaler) {
    changed_scaler_records_.insert(scaler.record.policy);
    changed_scalers_.insert(scaler.record.policy);
  }
  void Erase(const Scaler& scaler);  // its durable record; nothing more is shown of it
  void RecordChanged(const Cluster& cluster) { changed_clusters_.insert(cluster.name); }
  void Erase(const Node& node);  // its durable record
  // The same of a switch.
  void RecordChanged(StoredSwitch stored);
  // What is shown of the switch of this name may have changed, or it has ended.
  void SwitchChanges(const std::string& name) { changed_switches_.insert(name); }
  void Write(coordinator::Write write) { effects_.writes.push_back(std::move(write)); }
  void Ask(Request request) { effects_.requests.push_back(std::move(request)); }
  void Answer(Reply reply) { effects_.replies.push_back(std::move(reply)); }
  void Tell(SightChanged sight) { sights_.push_back(std::move(sight)); }
  void Tell(DomainSightChanged sight) { domain_sights_.push_back(std::move(sight)); }
  void Tell(PatienceChanged patience) { patiences_.push_back(std::move(patience)); }
  void Tell(MaintenanceChanged change) { effects_.notices.push_back(std::move(change)); }
  void Tell(PauseChanged change) { effects_.notices.push_back(std::move(change)); }
  void Tell(BurstChanged change) { effects_.notices.push_back(std::move(change)); }
  void Tell(BurstGone gone) { effects_.notices.push_back(std::move(gone)); }
  void Tell(StandingChanged change) { effects_.notices.push_back(std::move(change)); }
  void Tell(StandingGone gone) { effects_.notices.push_back(std::move(gone)); }
  // A Kubernetes Event on the decision's node, or on its workload.
  void AnnounceStep(const Decision& decision, absl::string_view step, bool warning, absl::string_view reason,
                    absl::string_view message);

  // Ends the step.
  Effects Finish();

 private:
  Decision NewDecision(DecisionKind kind, const Cluster& cluster);
  void ShowSwitch(const std::string& name);

  Effects effects_;
  std::vector<SightChanged> sights_;
  std::vector<DomainSightChanged> domain_sights_;
  std::vector<PatienceChanged> patiences_;
  std::set<DecisionId> changed_decisions_;
  std::set<NodeKey> changed_nodes_;
  std::set<NodeKey> changed_records_;
  std::set<std::string> changed_clusters_;
  std::set<std::string> changed_scalers_;
  std::set<std::string> changed_scaler_records_;
  std::map<DecisionId, SwitchRecord> switch_records_;
  std::set<std::string> changed_switches_;
};

}  // namespace evenkeel::coordinator
