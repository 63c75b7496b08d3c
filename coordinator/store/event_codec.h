// Each event by itself: Put writes it, Get reads it. To be used by this room only. See event_records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/events.h"
#include "evenkeel/storage/v1/events.pb.h"

namespace evenkeel::coordinator::event_codec {

// ---- session_event_records.cc ----
void Put(const SessionOpened& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::SessionOpened& record);
void Put(const SessionClosed& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::SessionClosed& record);
void Put(const BeatMissed& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::BeatMissed& record);
void Put(const BeatResumed& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::BeatResumed& record);
void Put(const ProbeAnswered& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ProbeAnswered& record);
void Put(const NodeHealthChanged& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::NodeHealthChanged& record);
void Put(const FencingReported& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::FencingReported& record);

// ---- kubernetes_event_records.cc ----
void Put(const ClusterAdded& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ClusterAdded& record);
void Put(const ApiChanged& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ApiChanged& record);
void Put(const NodeObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::NodeObserved& record);
void Put(const NodeGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::NodeGone& record);
void Put(const PodObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::PodObserved& record);
void Put(const PodGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::PodGone& record);
void Put(const LeaseRead& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::LeaseRead& record);
void Put(const KubeletAnswered& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::KubeletAnswered& record);
void Put(const ApiAnswered& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ApiAnswered& record);
void Put(const ActionFinished& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ActionFinished& record);

// ---- workload_event_records.cc ----
void Put(const WorkloadObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::WorkloadObserved& record);
void Put(const WorkloadGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::WorkloadGone& record);
void Put(const WorkloadPodObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::WorkloadPodObserved& record);
void Put(const WorkloadPodGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::WorkloadPodGone& record);
void Put(const AutoscalerObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::AutoscalerObserved& record);
void Put(const AutoscalerGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::AutoscalerGone& record);
void Put(const UsageTold& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::UsageTold& record);
void Put(const ClusterUsage& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ClusterUsage& record);
void Put(const TakeOverAutoscaler& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::TakeOverAutoscaler& record);

// ---- operator_event_records.cc ----
void Put(const ApplyPolicy& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ApplyPolicy& record);
void Put(const DeletePolicy& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::DeletePolicy& record);
void Put(const StartMaintenance& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::StartMaintenance& record);
void Put(const EndMaintenance& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::EndMaintenance& record);
void Put(const PauseClusters& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::PauseClusters& record);
void Put(const ResumeClusters& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ResumeClusters& record);
void Put(const ConfirmFence& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ConfirmFence& record);

// ---- switch_event_records.cc ----
void Put(const RouteRead& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::RouteRead& record);
void Put(const RouteLost& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::RouteLost& record);
void Put(const BackendChecked& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::BackendChecked& record);
void Put(const ApplicationObserved& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ApplicationObserved& record);
void Put(const ApplicationGone& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ApplicationGone& record);
void Put(const ProbesTold& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::ProbesTold& record);
void Put(const HookAnswered& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::HookAnswered& record);
void Put(const PlanSwitch& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::PlanSwitch& record);
void Put(const StartSwitch& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::StartSwitch& record);
void Put(const OrderSwitch& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::OrderSwitch& record);

// ---- runtime_event_records.cc ----
void Put(const OwnDelay& event, storage::v1::Event& record);
absl::StatusOr<Event> Get(const storage::v1::OwnDelay& record);
void Put(const Tick& event, storage::v1::Event& record);

}  // namespace evenkeel::coordinator::event_codec
