// Events from the runtime.

#include "absl/status/statusor.h"
#include "common/base/status.h"
#include "coordinator/store/event_codec.h"
#include "coordinator/store/event_parts.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator::event_codec {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums

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

}  // namespace evenkeel::coordinator::event_codec
