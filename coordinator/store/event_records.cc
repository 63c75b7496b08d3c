#include "coordinator/store/event_records.h"

#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/records.h"
#include "coordinator/store/scale_records.h"
#include "coordinator/store/standing_records.h"
#include "coordinator/store/switch_records.h"

namespace evenkeel::coordinator {

namespace stored = ::evenkeel::storage::v1;

stored::Event ToRecord(const Event& event) {
  stored::Event record;
  std::visit([&record](const auto& held) { event_codec::Put(held, record); }, event);
  return record;
}

absl::StatusOr<Event> FromRecord(const stored::Event& record) {
  switch (record.kind_case()) {
    case stored::Event::kSessionOpened:
      return event_codec::Get(record.session_opened());
    case stored::Event::kSessionClosed:
      return event_codec::Get(record.session_closed());
    case stored::Event::kBeatMissed:
      return event_codec::Get(record.beat_missed());
    case stored::Event::kBeatResumed:
      return event_codec::Get(record.beat_resumed());
    case stored::Event::kProbeAnswered:
      return event_codec::Get(record.probe_answered());
    case stored::Event::kClusterAdded:
      return event_codec::Get(record.cluster_added());
    case stored::Event::kApiChanged:
      return event_codec::Get(record.api_changed());
    case stored::Event::kNodeObserved:
      return event_codec::Get(record.node_observed());
    case stored::Event::kNodeGone:
      return event_codec::Get(record.node_gone());
    case stored::Event::kPodObserved:
      return event_codec::Get(record.pod_observed());
    case stored::Event::kPodGone:
      return event_codec::Get(record.pod_gone());
    case stored::Event::kLeaseRead:
      return event_codec::Get(record.lease_read());
    case stored::Event::kActionFinished:
      return event_codec::Get(record.action_finished());
    case stored::Event::kApplyPolicy:
      return event_codec::Get(record.apply_policy());
    case stored::Event::kDeletePolicy:
      return event_codec::Get(record.delete_policy());
    case stored::Event::kKubeletAnswered:
      return event_codec::Get(record.kubelet_answered());
    case stored::Event::kOwnDelay:
      return event_codec::Get(record.own_delay());
    case stored::Event::kStartMaintenance:
      return event_codec::Get(record.start_maintenance());
    case stored::Event::kEndMaintenance:
      return event_codec::Get(record.end_maintenance());
    case stored::Event::kPauseClusters:
      return event_codec::Get(record.pause_clusters());
    case stored::Event::kResumeClusters:
      return event_codec::Get(record.resume_clusters());
    case stored::Event::kNodeHealthChanged:
      return event_codec::Get(record.node_health_changed());
    case stored::Event::kFencingReported:
      return event_codec::Get(record.fencing_reported());
    case stored::Event::kConfirmFence:
      return event_codec::Get(record.confirm_fence());
    case stored::Event::kWorkloadObserved:
      return event_codec::Get(record.workload_observed());
    case stored::Event::kWorkloadGone:
      return event_codec::Get(record.workload_gone());
    case stored::Event::kWorkloadPodObserved:
      return event_codec::Get(record.workload_pod_observed());
    case stored::Event::kWorkloadPodGone:
      return event_codec::Get(record.workload_pod_gone());
    case stored::Event::kAutoscalerObserved:
      return event_codec::Get(record.autoscaler_observed());
    case stored::Event::kAutoscalerGone:
      return event_codec::Get(record.autoscaler_gone());
    case stored::Event::kUsageTold:
      return event_codec::Get(record.usage_told());
    case stored::Event::kTakeOverAutoscaler:
      return event_codec::Get(record.take_over_autoscaler());
    case stored::Event::kRouteRead:
      return event_codec::Get(record.route_read());
    case stored::Event::kRouteLost:
      return event_codec::Get(record.route_lost());
    case stored::Event::kBackendChecked:
      return event_codec::Get(record.backend_checked());
    case stored::Event::kApplicationObserved:
      return event_codec::Get(record.application_observed());
    case stored::Event::kApplicationGone:
      return event_codec::Get(record.application_gone());
    case stored::Event::kProbesTold:
      return event_codec::Get(record.probes_told());
    case stored::Event::kHookAnswered:
      return event_codec::Get(record.hook_answered());
    case stored::Event::kPlanSwitch:
      return event_codec::Get(record.plan_switch());
    case stored::Event::kStartSwitch:
      return event_codec::Get(record.start_switch());
    case stored::Event::kClusterUsage:
      return event_codec::Get(record.cluster_usage());
    case stored::Event::kApiAnswered:
      return event_codec::Get(record.api_answered());
    case stored::Event::kOrderSwitch:
      return event_codec::Get(record.order_switch());
    case stored::Event::KIND_NOT_SET:
      break;
  }
  // A kind of event that only a newer version knows stands among the unknown fields.
  if (record.ByteSizeLong() != 0) {
    return absl::DataLossError(
        "a stored event is of a kind that this version does not know: a newer coordinator wrote it, or it is "
        "damaged");
  }
  return Tick{};
}

stored::Restored ToRecord(const Restored& restored) {
  stored::Restored record;
  record.set_epoch(restored.epoch);
  for (const Decision& decision : restored.open_decisions) {
    *record.add_open_decisions() = ToRecord(decision);
  }
  for (const NodeRecord& node : restored.nodes) *record.add_nodes() = ToRecord(node);
  for (const Policy& policy : restored.policies) *record.add_policies() = ToRecord(policy);
  for (const ClusterRecord& cluster : restored.clusters) *record.add_clusters() = ToRecord(cluster);
  for (const Maintenance& each : restored.maintenances) *record.add_maintenances() = ToRecord(each);
  for (const ScalerRecord& scaler : restored.scalers) *record.add_scalers() = ToRecord(scaler);
  for (const StoredSwitch& one : restored.switches) *record.add_switches() = ToRecord(one);
  for (const StandingRecord& one : restored.standings) *record.add_standings() = ToRecord(one);
  return record;
}

absl::StatusOr<Restored> FromRecord(const stored::Restored& record) {
  Restored restored{.epoch = record.epoch()};
  for (const stored::Decision& stored_decision : record.open_decisions()) {
    EVENKEEL_ASSIGN_OR_RETURN(Decision decision, FromRecord(stored_decision));
    restored.open_decisions.push_back(std::move(decision));
  }
  for (const stored::Node& stored_node : record.nodes()) {
    EVENKEEL_ASSIGN_OR_RETURN(NodeRecord node, FromRecord(stored_node));
    restored.nodes.push_back(std::move(node));
  }
  for (const stored::Policy& stored_policy : record.policies()) {
    EVENKEEL_ASSIGN_OR_RETURN(Policy policy, FromRecord(stored_policy));
    restored.policies.push_back(std::move(policy));
  }
  for (const stored::Cluster& stored_cluster : record.clusters()) {
    EVENKEEL_ASSIGN_OR_RETURN(ClusterRecord cluster, FromRecord(stored_cluster));
    restored.clusters.push_back(std::move(cluster));
  }
  for (const stored::Maintenance& stored_maintenance : record.maintenances()) {
    EVENKEEL_ASSIGN_OR_RETURN(Maintenance maintenance, FromRecord(stored_maintenance));
    restored.maintenances.push_back(std::move(maintenance));
  }
  for (const stored::Scaler& stored_scaler : record.scalers()) {
    EVENKEEL_ASSIGN_OR_RETURN(ScalerRecord scaler, FromRecord(stored_scaler));
    restored.scalers.push_back(std::move(scaler));
  }
  for (const stored::SwitchRecord& stored_switch : record.switches()) {
    EVENKEEL_ASSIGN_OR_RETURN(StoredSwitch one, FromRecord(stored_switch));
    restored.switches.push_back(std::move(one));
  }
  for (const stored::StandingSwitch& stored_standing : record.standings()) {
    EVENKEEL_ASSIGN_OR_RETURN(StandingRecord one, FromRecord(stored_standing));
    restored.standings.push_back(std::move(one));
  }
  return restored;
}

}  // namespace evenkeel::coordinator
