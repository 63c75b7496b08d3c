// Events from operators.

#include <utility>

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/event_parts.h"
#include "coordinator/store/records.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator::event_codec {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums

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

}  // namespace evenkeel::coordinator::event_codec
