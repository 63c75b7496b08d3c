#include "common/base/status.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::base {

absl::Status WithDetail(absl::Status status, absl::string_view key, absl::string_view value) {
  status.SetPayload(absl::StrCat(kDetailPrefix, key), absl::Cord(value));
  return status;
}

std::optional<std::string> Detail(const absl::Status& status, absl::string_view key) {
  const auto payload = status.GetPayload(absl::StrCat(kDetailPrefix, key));
  if (!payload.has_value()) return std::nullopt;
  return std::string(*payload);
}

absl::Status WithReason(absl::Status status, absl::string_view reason) {
  return WithDetail(std::move(status), kReasonKey, reason);
}

absl::Status InvalidField(absl::string_view field, absl::string_view problem) {
  absl::Status status = absl::InvalidArgumentError(absl::StrCat(field, ": ", problem));
  return WithDetail(WithReason(std::move(status), "INVALID_FIELD"), kFieldKey, field);
}

absl::Status Annotate(const absl::Status& status, absl::string_view context) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(context, ": ", status.message()));
  status.ForEachPayload([&](absl::string_view type_url, const absl::Cord& payload) {
    annotated.SetPayload(type_url, payload);
  });
  return annotated;
}

}  // namespace evenkeel::base
