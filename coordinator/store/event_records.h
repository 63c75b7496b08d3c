// The core's events, and what it starts from, as the event log keeps them
// (proto/evenkeel/storage/v1/events.proto), and back.
//
// Nothing is lost on the way, as in records.h: FromRecord(ToRecord(x)) == x, to the nanosecond.
// tests/unit/store/event_records_test.cc fills every field of every event by itself, so that it fails when
// one is added and forgotten here. The way back fails with DATA_LOSS when a record holds what this version
// does not know.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/core.h"
#include "coordinator/core/events.h"
#include "evenkeel/storage/v1/events.pb.h"

namespace evenkeel::coordinator {

storage::v1::Event ToRecord(const Event& event);
storage::v1::Restored ToRecord(const Restored& restored);

absl::StatusOr<Event> FromRecord(const storage::v1::Event& record);
absl::StatusOr<Restored> FromRecord(const storage::v1::Restored& record);

}  // namespace evenkeel::coordinator
