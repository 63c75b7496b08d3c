// Routes of gateways as they are stored, and back; see records.h.
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/core/switch/gateway_facts.h"
#include "evenkeel/storage/v1/routes.pb.h"

namespace evenkeel::coordinator {

storage::v1::RouteKey ToRecord(const RouteKey& key);
RouteKey FromRecord(const storage::v1::RouteKey& record);

storage::v1::RouteShape ToRecord(const RouteShape& shape);
absl::StatusOr<RouteShape> FromRecord(const storage::v1::RouteShape& record);

storage::v1::RouteMark ToRecord(const RouteMark& mark);
RouteMark FromRecord(const storage::v1::RouteMark& record);

storage::v1::RouteWish ToRecord(const RouteWish& wish);
absl::StatusOr<RouteWish> FromRecord(const storage::v1::RouteWish& record);

storage::v1::AnswerTime ToRecord(const AnswerTime& time);
AnswerTime FromRecord(const storage::v1::AnswerTime& record);

// The mode of a backend by itself, as a reading has it.
storage::v1::BackendMode ToStored(BackendMode mode);
absl::Status FromStored(storage::v1::BackendMode record, const char* field, BackendMode& out);

}  // namespace evenkeel::coordinator
