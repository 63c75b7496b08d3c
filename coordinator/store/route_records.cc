#include "coordinator/store/route_records.h"

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<BackendMode, stored::BackendMode> kBackendModes[] = {
    {BackendMode::kServing, stored::BACKEND_MODE_UNSPECIFIED},
    {BackendMode::kDraining, stored::BACKEND_MODE_DRAINING},
    {BackendMode::kClosed, stored::BACKEND_MODE_CLOSED},
};

}  // namespace

stored::BackendMode ToStored(BackendMode mode) {
  return ToStored(kBackendModes, mode);
}

absl::Status FromStored(stored::BackendMode record, const char* field, BackendMode& out) {
  return FromStored(kBackendModes, record, field, out);
}

stored::RouteKey ToRecord(const RouteKey& key) {
  stored::RouteKey record;
  record.set_gateway(key.gateway);
  record.set_route(key.route);
  return record;
}

RouteKey FromRecord(const stored::RouteKey& record) {
  return {.gateway = record.gateway(), .route = record.route()};
}

stored::RouteShape ToRecord(const RouteShape& shape) {
  stored::RouteShape record;
  for (const auto& [name, backend] : shape.backends) {
    stored::BackendWish& wish = (*record.mutable_backends())[name];
    wish.set_percent(backend.percent);
    wish.set_mode(ToStored(backend.mode));
  }
  if (!shape.canary) return record;
  record.mutable_canary()->set_header(shape.canary->header);
  record.mutable_canary()->set_value(shape.canary->value);
  record.set_canary_backend(shape.canary->backend);
  return record;
}

absl::StatusOr<RouteShape> FromRecord(const stored::RouteShape& record) {
  RouteShape shape;
  for (const auto& [name, wish] : record.backends()) {
    BackendWish& backend = shape.backends[name];
    backend.percent = wish.percent();
    EVENKEEL_RETURN_IF_ERROR(FromStored(wish.mode(), "BackendWish.mode", backend.mode));
  }
  if (record.has_canary()) {
    shape.canary = CanaryRule{record.canary().header(), record.canary().value(), record.canary_backend()};
  }
  return shape;
}

stored::RouteMark ToRecord(const RouteMark& mark) {
  stored::RouteMark record;
  record.set_epoch(mark.epoch);
  record.set_owner_epoch(mark.owner.epoch);
  record.set_owner_number(mark.owner.number);
  record.set_version(mark.version);
  return record;
}

RouteMark FromRecord(const stored::RouteMark& record) {
  return {.epoch = record.epoch(),
          .owner = {.epoch = record.owner_epoch(), .number = record.owner_number()},
          .version = record.version()};
}

stored::RouteWish ToRecord(const RouteWish& wish) {
  stored::RouteWish record;
  *record.mutable_key() = ToRecord(wish.key);
  *record.mutable_shape() = ToRecord(wish.shape);
  *record.mutable_mark() = ToRecord(wish.mark);
  if (wish.only_from) *record.mutable_only_from() = ToRecord(*wish.only_from);
  record.set_may_cut(wish.may_cut);
  return record;
}

absl::StatusOr<RouteWish> FromRecord(const stored::RouteWish& record) {
  RouteWish wish;
  wish.key = FromRecord(record.key());
  EVENKEEL_ASSIGN_OR_RETURN(wish.shape, FromRecord(record.shape()));
  wish.mark = FromRecord(record.mark());
  if (record.has_only_from()) {
    EVENKEEL_ASSIGN_OR_RETURN(wish.only_from, FromRecord(record.only_from()));
  }
  wish.may_cut = record.may_cut();
  return wish;
}

stored::AnswerTime ToRecord(const AnswerTime& time) {
  stored::AnswerTime record;
  record.set_answers(time.answers);
  record.set_total_ns(coordinator::ToStored(time.total));
  record.set_within_ns(coordinator::ToStored(time.within));
  return record;
}

AnswerTime FromRecord(const stored::AnswerTime& record) {
  return {.answers = record.answers(),
          .total = DurationFrom(record.total_ns()),
          .within = DurationFrom(record.within_ns())};
}

}  // namespace evenkeel::coordinator
