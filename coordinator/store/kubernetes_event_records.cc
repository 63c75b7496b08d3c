// Events from Kubernetes: what it shows, and what came of what was asked and done.

#include <string>

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/event_parts.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator::event_codec {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums

void Put(const ClusterAdded& event, stored::Event& record) {
  stored::ClusterAdded& out = *record.mutable_cluster_added();
  out.set_cluster(event.cluster);
  out.set_api_address(event.api_address);
  out.set_api_port(event.api_port);
}

absl::StatusOr<Event> Get(const stored::ClusterAdded& record) {
  return ClusterAdded{.cluster = record.cluster(),
                      .api_address = record.api_address(),
                      .api_port = static_cast<uint16_t>(record.api_port())};
}

void Put(const ApiAnswered& event, stored::Event& record) {
  stored::ApiAnswered& out = *record.mutable_api_answered();
  out.set_request_id(event.request_id);
  out.set_cluster(event.cluster);
  out.set_answered(event.answered);
  out.set_detail(event.detail);
}

absl::StatusOr<Event> Get(const stored::ApiAnswered& record) {
  return ApiAnswered{.request_id = record.request_id(),
                     .cluster = record.cluster(),
                     .answered = record.answered(),
                     .detail = record.detail()};
}

void Put(const ApiChanged& event, stored::Event& record) {
  stored::ApiChanged& out = *record.mutable_api_changed();
  out.set_cluster(event.cluster);
  out.set_reachable(event.reachable);
  out.set_detail(event.detail);
  out.set_server_minor(event.server_minor);
}

absl::StatusOr<Event> Get(const stored::ApiChanged& record) {
  return ApiChanged{.cluster = record.cluster(),
                    .reachable = record.reachable(),
                    .detail = record.detail(),
                    .server_minor = record.server_minor()};
}

void Put(const NodeObserved& event, stored::Event& record) {
  stored::NodeObserved& out = *record.mutable_node_observed();
  Put(event.node, *out.mutable_node());
  stored::NodeFacts& facts = *out.mutable_facts();
  facts.set_uid(event.facts.uid);
  facts.set_address(event.facts.address);
  facts.set_kubelet_port(event.facts.kubelet_port);
  facts.set_failure_domain(event.facts.failure_domain);
  facts.set_ready(event.facts.ready);
  facts.set_unschedulable(event.facts.unschedulable);
  facts.set_failover_taint(event.facts.failover_taint);
  Put(event.facts.allocatable, *facts.mutable_allocatable());
  facts.set_reserved(event.facts.reserved);
  facts.set_gray_taint(event.facts.gray_taint);
  facts.set_out_of_service(event.facts.out_of_service);
  facts.set_boot_id(event.facts.boot_id);
  facts.set_valve_taint(event.facts.valve_taint);
  for (const std::string& trait : event.facts.traits) facts.add_traits(trait);
}

absl::StatusOr<Event> Get(const stored::NodeObserved& record) {
  const stored::NodeFacts& facts = record.facts();
  NodeObserved event{.node = Key(record.node()),
                     .facts = {.uid = facts.uid(),
                               .address = facts.address(),
                               .failure_domain = facts.failure_domain(),
                               .ready = facts.ready(),
                               .unschedulable = facts.unschedulable(),
                               .failover_taint = facts.failover_taint(),
                               .allocatable = Amount(facts.allocatable()),
                               .reserved = facts.reserved(),
                               .gray_taint = facts.gray_taint(),
                               .out_of_service = facts.out_of_service(),
                               .boot_id = facts.boot_id(),
                               .valve_taint = facts.valve_taint(),
                               .traits = {facts.traits().begin(), facts.traits().end()}}};
  EVENKEEL_RETURN_IF_ERROR(
      PortFrom(facts.kubelet_port(), "NodeFacts.kubelet_port", event.facts.kubelet_port));
  return event;
}

void Put(const NodeGone& event, stored::Event& record) {
  Put(event.node, *record.mutable_node_gone()->mutable_node());
}

absl::StatusOr<Event> Get(const stored::NodeGone& record) {
  return NodeGone{.node = Key(record.node())};
}

void Put(const PodObserved& event, stored::Event& record) {
  stored::PodObserved& out = *record.mutable_pod_observed();
  Put(event.pod, *out.mutable_pod());
  stored::PodFacts& facts = *out.mutable_facts();
  facts.set_uid(event.facts.uid);
  facts.set_node(event.facts.node);
  facts.set_phase(event.facts.phase);
  facts.set_ready(event.facts.ready);
  facts.set_deleting(event.facts.deleting);
  facts.set_mirror(event.facts.mirror);
  facts.set_never_self_fenced(event.facts.never_self_fenced);
  facts.mutable_controller()->set_kind(event.facts.controller.kind);
  facts.mutable_controller()->set_name(event.facts.controller.name);
  facts.mutable_controller()->set_uid(event.facts.controller.uid);
  for (const std::string& claim : event.facts.exclusive_claims) facts.add_exclusive_claims(claim);
  facts.set_priority(event.facts.priority);
  Put(event.facts.requests, *facts.mutable_requests());
  facts.set_tolerates(event.facts.tolerates);
  facts.set_waiting_reason(event.facts.waiting_reason);
  facts.set_unschedulable(event.facts.unschedulable);
  if (event.facts.deletion_cost) facts.set_deletion_cost(*event.facts.deletion_cost);
}

absl::StatusOr<Event> Get(const stored::PodObserved& record) {
  const stored::PodFacts& facts = record.facts();
  PodObserved event{
      .pod = Key(record.pod()),
      .facts = {.uid = facts.uid(),
                .node = facts.node(),
                .phase = facts.phase(),
                .ready = facts.ready(),
                .deleting = facts.deleting(),
                .mirror = facts.mirror(),
                .never_self_fenced = facts.never_self_fenced(),
                .controller = {.kind = facts.controller().kind(),
                               .name = facts.controller().name(),
                               .uid = facts.controller().uid()},
                .exclusive_claims = {facts.exclusive_claims().begin(), facts.exclusive_claims().end()},
                .priority = facts.priority(),
                .requests = Amount(facts.requests()),
                .tolerates = facts.tolerates(),
                .waiting_reason = facts.waiting_reason(),
                .unschedulable = facts.unschedulable()}};
  if (facts.has_deletion_cost()) event.facts.deletion_cost = facts.deletion_cost();
  return event;
}

void Put(const PodGone& event, stored::Event& record) {
  Put(event.pod, *record.mutable_pod_gone()->mutable_pod());
}

absl::StatusOr<Event> Get(const stored::PodGone& record) {
  return PodGone{.pod = Key(record.pod())};
}

void Put(const LeaseRead& event, stored::Event& record) {
  stored::LeaseRead& out = *record.mutable_lease_read();
  out.set_request_id(event.request_id);
  Put(event.node, *out.mutable_node());
  out.set_ok(event.ok);
  out.set_error(event.error);
  out.mutable_lease()->set_exists(event.lease.exists);
  out.mutable_lease()->set_resource_version(event.lease.resource_version);
  out.mutable_lease()->set_renew_time_ns(ToStored(event.lease.renew_time));
}

absl::StatusOr<Event> Get(const stored::LeaseRead& record) {
  return LeaseRead{.request_id = record.request_id(),
                   .node = Key(record.node()),
                   .ok = record.ok(),
                   .error = record.error(),
                   .lease = {.exists = record.lease().exists(),
                             .resource_version = record.lease().resource_version(),
                             .renew_time = TimeFrom(record.lease().renew_time_ns())}};
}

void Put(const KubeletAnswered& event, stored::Event& record) {
  stored::KubeletAnswered& out = *record.mutable_kubelet_answered();
  out.set_request_id(event.request_id);
  Put(event.node, *out.mutable_node());
  out.set_way(ToStored(event.way));
  out.set_detail(event.detail);
}

absl::StatusOr<Event> Get(const stored::KubeletAnswered& record) {
  KubeletAnswered event{
      .request_id = record.request_id(), .node = Key(record.node()), .detail = record.detail()};
  EVENKEEL_RETURN_IF_ERROR(FromStored(record.way(), KubeletWay::kAnswered, "KubeletAnswered.way", event.way));
  return event;
}

void Put(const ActionFinished& event, stored::Event& record) {
  stored::ActionFinished& out = *record.mutable_action_finished();
  out.mutable_decision()->set_epoch(event.decision.epoch);
  out.mutable_decision()->set_number(event.decision.number);
  out.set_number(event.number);
  out.set_outcome(ToStored(event.outcome));
  out.set_detail(event.detail);
  out.set_attempt(event.attempt);
}

absl::StatusOr<Event> Get(const stored::ActionFinished& record) {
  ActionFinished event{.decision = {.epoch = record.decision().epoch(), .number = record.decision().number()},
                       .number = record.number(),
                       .detail = record.detail(),
                       .attempt = record.attempt()};
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(record.outcome(), ActionOutcome::kWithdrawn, "ActionFinished.outcome", event.outcome));
  return event;
}

}  // namespace evenkeel::coordinator::event_codec
