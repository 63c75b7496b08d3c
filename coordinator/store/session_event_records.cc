// Events from agents' sessions.

#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/event_parts.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator::event_codec {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums

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

}  // namespace evenkeel::coordinator::event_codec
