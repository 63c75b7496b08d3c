#include "coordinator/store/event_records.h"

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "coordinator/store/records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

absl::Status NotKnown(const char* field, int64_t value) {
  return absl::DataLossError(absl::StrCat("stored field ", field, " has the value ", value,
                                          ", which this version does not know: it was written by a newer "
                                          "coordinator, or damaged"));
}

// ---- enums: a switch, so that the compiler tells of one that is added ----

stored::ProbeOutcome ToStored(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::kNotTried:
      return stored::PROBE_OUTCOME_UNSPECIFIED;
    case ProbeOutcome::kReached:
      return stored::PROBE_OUTCOME_REACHED;
    case ProbeOutcome::kRefused:
      return stored::PROBE_OUTCOME_REFUSED;
    case ProbeOutcome::kTimedOut:
      return stored::PROBE_OUTCOME_TIMED_OUT;
    case ProbeOutcome::kUnreachable:
      return stored::PROBE_OUTCOME_UNREACHABLE;
    case ProbeOutcome::kProtocolError:
      return stored::PROBE_OUTCOME_PROTOCOL_ERROR;
    case ProbeOutcome::kProberFailed:
      return stored::PROBE_OUTCOME_PROBER_FAILED;
  }
  EVENKEEL_CHECK(false) << "no stored form of probe outcome " << static_cast<int>(outcome);
  return stored::PROBE_OUTCOME_UNSPECIFIED;
}

stored::ActionOutcome ToStored(ActionOutcome outcome) {
  switch (outcome) {
    case ActionOutcome::kDone:
      return stored::ACTION_OUTCOME_DONE;
    case ActionOutcome::kAlreadyDone:
      return stored::ACTION_OUTCOME_ALREADY_DONE;
    case ActionOutcome::kNotMine:
      return stored::ACTION_OUTCOME_NOT_MINE;
    case ActionOutcome::kBlocked:
      return stored::ACTION_OUTCOME_BLOCKED;
    case ActionOutcome::kNotKnownThere:
      return stored::ACTION_OUTCOME_NOT_KNOWN_THERE;
    case ActionOutcome::kRefused:
      return stored::ACTION_OUTCOME_REFUSED;
    case ActionOutcome::kUnreachable:
      return stored::ACTION_OUTCOME_UNREACHABLE;
    case ActionOutcome::kWithdrawn:
      return stored::ACTION_OUTCOME_WITHDRAWN;
  }
  EVENKEEL_CHECK(false) << "no stored form of action outcome " << static_cast<int>(outcome);
  return stored::ACTION_OUTCOME_UNSPECIFIED;
}

stored::KubeletWay ToStored(KubeletWay way) {
  switch (way) {
    case KubeletWay::kNotTried:
      return stored::KUBELET_WAY_UNSPECIFIED;
    case KubeletWay::kNoAnswer:
      return stored::KUBELET_WAY_NO_ANSWER;
    case KubeletWay::kAnswered:
      return stored::KUBELET_WAY_ANSWERED;
  }
  EVENKEEL_CHECK(false) << "no stored form of kubelet way " << static_cast<int>(way);
  return stored::KUBELET_WAY_UNSPECIFIED;
}

stored::DelaySource ToStored(DelaySource source) {
  switch (source) {
    case DelaySource::kLoop:
      return stored::DELAY_SOURCE_LOOP;
    case DelaySource::kSessions:
      return stored::DELAY_SOURCE_SESSIONS;
    case DelaySource::kStore:
      return stored::DELAY_SOURCE_STORE;
    case DelaySource::kWatch:
      return stored::DELAY_SOURCE_WATCH;
  }
  EVENKEEL_CHECK(false) << "no stored form of delay source " << static_cast<int>(source);
  return stored::DELAY_SOURCE_UNSPECIFIED;
}

stored::SymptomKind ToStored(SymptomKind kind) {
  switch (kind) {
    case SymptomKind::kKubelet:
      return stored::SYMPTOM_KIND_KUBELET;
    case SymptomKind::kRuntime:
      return stored::SYMPTOM_KIND_RUNTIME;
    case SymptomKind::kPleg:
      return stored::SYMPTOM_KIND_PLEG;
    case SymptomKind::kReadOnlyDisk:
      return stored::SYMPTOM_KIND_READ_ONLY_DISK;
    case SymptomKind::kHungDisk:
      return stored::SYMPTOM_KIND_HUNG_DISK;
    case SymptomKind::kIoErrors:
      return stored::SYMPTOM_KIND_IO_ERRORS;
    case SymptomKind::kHungTask:
      return stored::SYMPTOM_KIND_HUNG_TASK;
    case SymptomKind::kMemoryStall:
      return stored::SYMPTOM_KIND_MEMORY_STALL;
    case SymptomKind::kOomKills:
      return stored::SYMPTOM_KIND_OOM_KILLS;
  }
  EVENKEEL_CHECK(false) << "no stored form of symptom kind " << static_cast<int>(kind);
  return stored::SYMPTOM_KIND_UNSPECIFIED;
}

// The one of a few values whose stored form it is.
template <typename Core, typename Stored>
absl::Status FromStored(Stored value, Core last, const char* field, Core& out) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    out = static_cast<Core>(i);
    if (ToStored(out) == value) return absl::OkStatus();
  }
  return NotKnown(field, value);
}

absl::Status PortFrom(uint32_t stored_port, const char* field, uint16_t& port) {
  if (stored_port > std::numeric_limits<uint16_t>::max()) return NotKnown(field, stored_port);
  port = static_cast<uint16_t>(stored_port);
  return absl::OkStatus();
}

// ---- parts ----

void Put(const NodeKey& key, stored::NodeKey& record) {
  record.set_cluster(key.cluster);
  record.set_node(key.node);
}

NodeKey Key(const stored::NodeKey& record) {
  return {.cluster = record.cluster(), .node = record.node()};
}

void Put(const PodKey& key, stored::PodKey& record) {
  record.set_cluster(key.cluster);
  record.set_namespace_(key.name_space);
  record.set_name(key.name);
}

PodKey Key(const stored::PodKey& record) {
  return {.cluster = record.cluster(), .name_space = record.namespace_(), .name = record.name()};
}

void Put(const Resources& resources, stored::Resources& record) {
  record.set_cpu_millicores(resources.cpu_millicores);
  record.set_memory_bytes(resources.memory_bytes);
  record.set_pods(resources.pods);
}

Resources Amount(const stored::Resources& record) {
  return {.cpu_millicores = record.cpu_millicores(),
          .memory_bytes = record.memory_bytes(),
          .pods = record.pods()};
}

// ---- each event: Put writes it, Get reads it ----

void Put(const SessionOpened& event, stored::Event& record) {
  stored::SessionOpened& out = *record.mutable_session_opened();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
  out.set_boot_id(event.boot_id);
  out.set_agent_version(event.agent_version);
  out.set_agent_port(event.agent_port);
  out.set_agent_pod(event.agent_pod);
}

absl::StatusOr<Event> Get(const stored::SessionOpened& record) {
  SessionOpened event{.node = Key(record.node()),
                      .session_id = record.session_id(),
                      .boot_id = record.boot_id(),
                      .agent_version = record.agent_version(),
                      .agent_pod = record.agent_pod()};
  EVENKEEL_RETURN_IF_ERROR(PortFrom(record.agent_port(), "SessionOpened.agent_port", event.agent_port));
  return event;
}

void Put(const SessionClosed& event, stored::Event& record) {
  stored::SessionClosed& out = *record.mutable_session_closed();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
  out.set_goodbye(event.goodbye);
  out.set_reason(event.reason);
  out.set_last_beat_ns(ToStored(event.last_beat));
  out.set_last_beat_node_time_ms(event.last_beat_node_time_ms);
}

absl::StatusOr<Event> Get(const stored::SessionClosed& record) {
  return SessionClosed{.node = Key(record.node()),
                       .session_id = record.session_id(),
                       .goodbye = record.goodbye(),
                       .reason = record.reason(),
                       .last_beat = TimeFrom(record.last_beat_ns()),
                       .last_beat_node_time_ms = record.last_beat_node_time_ms()};
}

void Put(const BeatMissed& event, stored::Event& record) {
  stored::BeatMissed& out = *record.mutable_beat_missed();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
  out.set_last_beat_ns(ToStored(event.last_beat));
  out.set_last_beat_node_time_ms(event.last_beat_node_time_ms);
  out.set_bound_ns(ToStored(event.bound));
}

absl::StatusOr<Event> Get(const stored::BeatMissed& record) {
  return BeatMissed{.node = Key(record.node()),
                    .session_id = record.session_id(),
                    .last_beat = TimeFrom(record.last_beat_ns()),
                    .last_beat_node_time_ms = record.last_beat_node_time_ms(),
                    .bound = DurationFrom(record.bound_ns())};
}

void Put(const BeatResumed& event, stored::Event& record) {
  stored::BeatResumed& out = *record.mutable_beat_resumed();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
}

absl::StatusOr<Event> Get(const stored::BeatResumed& record) {
  return BeatResumed{.node = Key(record.node()), .session_id = record.session_id()};
}

void Put(const ProbeAnswered& event, stored::Event& record) {
  stored::ProbeAnswered& out = *record.mutable_probe_answered();
  out.set_probe_id(event.probe_id);
  out.set_kubelet_tcp(ToStored(event.kubelet_tcp));
  out.set_kubelet_tls(ToStored(event.kubelet_tls));
  out.set_agent(ToStored(event.agent));
  out.set_latency_ns(ToStored(event.latency));
}

absl::StatusOr<Event> Get(const stored::ProbeAnswered& record) {
  constexpr ProbeOutcome kLast = ProbeOutcome::kProberFailed;
  ProbeAnswered event{.probe_id = record.probe_id(), .latency = DurationFrom(record.latency_ns())};
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(record.kubelet_tcp(), kLast, "ProbeAnswered.kubelet_tcp", event.kubelet_tcp));
  EVENKEEL_RETURN_IF_ERROR(
      FromStored(record.kubelet_tls(), kLast, "ProbeAnswered.kubelet_tls", event.kubelet_tls));
  EVENKEEL_RETURN_IF_ERROR(FromStored(record.agent(), kLast, "ProbeAnswered.agent", event.agent));
  return event;
}

void Put(const ClusterAdded& event, stored::Event& record) {
  record.mutable_cluster_added()->set_cluster(event.cluster);
}

absl::StatusOr<Event> Get(const stored::ClusterAdded& record) {
  return ClusterAdded{.cluster = record.cluster()};
}

void Put(const ApiChanged& event, stored::Event& record) {
  stored::ApiChanged& out = *record.mutable_api_changed();
  out.set_cluster(event.cluster);
  out.set_reachable(event.reachable);
  out.set_detail(event.detail);
}

absl::StatusOr<Event> Get(const stored::ApiChanged& record) {
  return ApiChanged{.cluster = record.cluster(), .reachable = record.reachable(), .detail = record.detail()};
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
                               .boot_id = facts.boot_id()}};
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
  facts.mutable_controller()->set_kind(event.facts.controller.kind);
  facts.mutable_controller()->set_name(event.facts.controller.name);
  facts.mutable_controller()->set_uid(event.facts.controller.uid);
  for (const std::string& claim : event.facts.exclusive_claims) facts.add_exclusive_claims(claim);
  facts.set_priority(event.facts.priority);
  Put(event.facts.requests, *facts.mutable_requests());
  facts.set_tolerates(event.facts.tolerates);
  facts.set_waiting_reason(event.facts.waiting_reason);
}

absl::StatusOr<Event> Get(const stored::PodObserved& record) {
  const stored::PodFacts& facts = record.facts();
  return PodObserved{
      .pod = Key(record.pod()),
      .facts = {.uid = facts.uid(),
                .node = facts.node(),
                .phase = facts.phase(),
                .ready = facts.ready(),
                .deleting = facts.deleting(),
                .mirror = facts.mirror(),
                .controller = {.kind = facts.controller().kind(),
                               .name = facts.controller().name(),
                               .uid = facts.controller().uid()},
                .exclusive_claims = {facts.exclusive_claims().begin(), facts.exclusive_claims().end()},
                .priority = facts.priority(),
                .requests = Amount(facts.requests()),
                .tolerates = facts.tolerates(),
                .waiting_reason = facts.waiting_reason()}};
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

void Put(const ApplyPolicy& event, stored::Event& record) {
  stored::ApplyPolicy& out = *record.mutable_apply_policy();
  out.set_request_id(event.request_id);
  *out.mutable_policy() = ToRecord(event.policy);
  out.set_expected_etag(event.expected_etag);
  out.set_validate_only(event.validate_only);
}

absl::StatusOr<Event> Get(const stored::ApplyPolicy& record) {
  EVENKEEL_ASSIGN_OR_RETURN(Policy policy, FromRecord(record.policy()));
  return ApplyPolicy{.request_id = record.request_id(),
                     .policy = std::move(policy),
                     .expected_etag = record.expected_etag(),
                     .validate_only = record.validate_only()};
}

void Put(const DeletePolicy& event, stored::Event& record) {
  stored::DeletePolicy& out = *record.mutable_delete_policy();
  out.set_request_id(event.request_id);
  out.set_name(event.name);
  out.set_expected_etag(event.expected_etag);
}

absl::StatusOr<Event> Get(const stored::DeletePolicy& record) {
  return DeletePolicy{
      .request_id = record.request_id(), .name = record.name(), .expected_etag = record.expected_etag()};
}

void Put(const StartMaintenance& event, stored::Event& record) {
  stored::StartMaintenance& out = *record.mutable_start_maintenance();
  out.set_request_id(event.request_id);
  Put(event.node, *out.mutable_node());
  out.set_length_ns(ToStored(event.length));
  out.set_reason(event.reason);
  out.set_validate_only(event.validate_only);
}

absl::StatusOr<Event> Get(const stored::StartMaintenance& record) {
  return StartMaintenance{.request_id = record.request_id(),
                          .node = Key(record.node()),
                          .length = DurationFrom(record.length_ns()),
                          .reason = record.reason(),
                          .validate_only = record.validate_only()};
}

void Put(const EndMaintenance& event, stored::Event& record) {
  stored::EndMaintenance& out = *record.mutable_end_maintenance();
  out.set_request_id(event.request_id);
  Put(event.node, *out.mutable_node());
}

absl::StatusOr<Event> Get(const stored::EndMaintenance& record) {
  return EndMaintenance{.request_id = record.request_id(), .node = Key(record.node())};
}

void Put(const PauseClusters& event, stored::Event& record) {
  stored::PauseClusters& out = *record.mutable_pause_clusters();
  out.set_request_id(event.request_id);
  out.set_cluster(event.cluster);
  out.set_length_ns(ToStored(event.length));
  out.set_reason(event.reason);
  out.set_validate_only(event.validate_only);
}

absl::StatusOr<Event> Get(const stored::PauseClusters& record) {
  return PauseClusters{.request_id = record.request_id(),
                       .cluster = record.cluster(),
                       .length = DurationFrom(record.length_ns()),
                       .reason = record.reason(),
                       .validate_only = record.validate_only()};
}

void Put(const ResumeClusters& event, stored::Event& record) {
  stored::ResumeClusters& out = *record.mutable_resume_clusters();
  out.set_request_id(event.request_id);
  out.set_cluster(event.cluster);
}

absl::StatusOr<Event> Get(const stored::ResumeClusters& record) {
  return ResumeClusters{.request_id = record.request_id(), .cluster = record.cluster()};
}

void Put(const NodeHealthChanged& event, stored::Event& record) {
  stored::NodeHealthChanged& out = *record.mutable_node_health_changed();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
  for (const Symptom& symptom : event.symptoms) {
    stored::Symptom& each = *out.add_symptoms();
    each.set_kind(ToStored(symptom.kind));
    each.set_detail(symptom.detail);
    each.set_figure(symptom.figure);
    if (symptom.last_seen) each.set_last_seen_ns(ToStored(*symptom.last_seen));
  }
  out.set_all_known(event.all_known);
}

absl::StatusOr<Event> Get(const stored::NodeHealthChanged& record) {
  NodeHealthChanged event{
      .node = Key(record.node()), .session_id = record.session_id(), .all_known = record.all_known()};
  for (const stored::Symptom& each : record.symptoms()) {
    Symptom symptom{.detail = each.detail(), .figure = each.figure()};
    EVENKEEL_RETURN_IF_ERROR(FromStored(each.kind(), SymptomKind::kOomKills, "Symptom.kind", symptom.kind));
    if (each.has_last_seen_ns()) symptom.last_seen = TimeFrom(each.last_seen_ns());
    event.symptoms.push_back(std::move(symptom));
  }
  return event;
}

void Put(const FencingReported& event, stored::Event& record) {
  stored::FencingReported& out = *record.mutable_fencing_reported();
  Put(event.node, *out.mutable_node());
  out.set_session_id(event.session_id);
  out.set_version(event.version);
  out.set_armed(event.armed);
  if (event.watchdog_timeout) out.set_watchdog_timeout_ns(ToStored(*event.watchdog_timeout));
  out.set_fenced(event.fenced);
  out.set_detail(event.detail);
  out.set_fence(event.fence);
}

absl::StatusOr<Event> Get(const stored::FencingReported& record) {
  FencingReported event{.node = Key(record.node()),
                        .session_id = record.session_id(),
                        .version = record.version(),
                        .armed = record.armed(),
                        .watchdog_timeout = {},
                        .fenced = record.fenced(),
                        .detail = record.detail(),
                        .fence = record.fence()};
  if (record.has_watchdog_timeout_ns()) event.watchdog_timeout = DurationFrom(record.watchdog_timeout_ns());
  return event;
}

void Put(const ConfirmFence& event, stored::Event& record) {
  stored::ConfirmFence& out = *record.mutable_confirm_fence();
  out.set_request_id(event.request_id);
  Put(event.node, *out.mutable_node());
  out.set_reason(event.reason);
}

absl::StatusOr<Event> Get(const stored::ConfirmFence& record) {
  return ConfirmFence{
      .request_id = record.request_id(), .node = Key(record.node()), .reason = record.reason()};
}

void Put(const OwnDelay& event, stored::Event& record) {
  stored::OwnDelay& out = *record.mutable_own_delay();
  out.set_source(ToStored(event.source));
  out.set_delay_ns(ToStored(event.delay));
}

absl::StatusOr<Event> Get(const stored::OwnDelay& record) {
  OwnDelay event{.delay = DurationFrom(record.delay_ns())};
  EVENKEEL_RETURN_IF_ERROR(FromStored(record.source(), DelaySource::kWatch, "OwnDelay.source", event.source));
  return event;
}

void Put(const Tick& /*event*/, stored::Event& /*record*/) {}

}  // namespace

stored::Event ToRecord(const Event& event) {
  stored::Event record;
  std::visit([&record](const auto& held) { Put(held, record); }, event);
  return record;
}

absl::StatusOr<Event> FromRecord(const stored::Event& record) {
  switch (record.kind_case()) {
    case stored::Event::kSessionOpened:
      return Get(record.session_opened());
    case stored::Event::kSessionClosed:
      return Get(record.session_closed());
    case stored::Event::kBeatMissed:
      return Get(record.beat_missed());
    case stored::Event::kBeatResumed:
      return Get(record.beat_resumed());
    case stored::Event::kProbeAnswered:
      return Get(record.probe_answered());
    case stored::Event::kClusterAdded:
      return Get(record.cluster_added());
    case stored::Event::kApiChanged:
      return Get(record.api_changed());
    case stored::Event::kNodeObserved:
      return Get(record.node_observed());
    case stored::Event::kNodeGone:
      return Get(record.node_gone());
    case stored::Event::kPodObserved:
      return Get(record.pod_observed());
    case stored::Event::kPodGone:
      return Get(record.pod_gone());
    case stored::Event::kLeaseRead:
      return Get(record.lease_read());
    case stored::Event::kActionFinished:
      return Get(record.action_finished());
    case stored::Event::kApplyPolicy:
      return Get(record.apply_policy());
    case stored::Event::kDeletePolicy:
      return Get(record.delete_policy());
    case stored::Event::kKubeletAnswered:
      return Get(record.kubelet_answered());
    case stored::Event::kOwnDelay:
      return Get(record.own_delay());
    case stored::Event::kStartMaintenance:
      return Get(record.start_maintenance());
    case stored::Event::kEndMaintenance:
      return Get(record.end_maintenance());
    case stored::Event::kPauseClusters:
      return Get(record.pause_clusters());
    case stored::Event::kResumeClusters:
      return Get(record.resume_clusters());
    case stored::Event::kNodeHealthChanged:
      return Get(record.node_health_changed());
    case stored::Event::kFencingReported:
      return Get(record.fencing_reported());
    case stored::Event::kConfirmFence:
      return Get(record.confirm_fence());
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
  return restored;
}

}  // namespace evenkeel::coordinator
