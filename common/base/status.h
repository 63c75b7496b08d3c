#pragma once

#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// EVENKEEL_RETURN_IF_ERROR(expression): returns from the enclosing function when the absl::Status is not OK.
#define EVENKEEL_RETURN_IF_ERROR(expression)                                                          \
  do {                                                                                                \
    if (::absl::Status evenkeel_status = (expression); !evenkeel_status.ok()) return evenkeel_status; \
  } while (false)

// EVENKEEL_ASSIGN_OR_RETURN(auto value, expression): unwraps an absl::StatusOr or returns its error.
// The target must hold no comma outside parentheses.
#define EVENKEEL_ASSIGN_OR_RETURN(target, expression) \
  EVENKEEL_ASSIGN_OR_RETURN_NAMED_(EVENKEEL_CONCAT_(evenkeel_result_, __LINE__), target, expression)
#define EVENKEEL_ASSIGN_OR_RETURN_NAMED_(result, target, expression) \
  auto result = (expression);                                        \
  if (!result.ok()) return std::move(result).status();               \
  target = *std::move(result)
#define EVENKEEL_CONCAT_(left, right) EVENKEEL_CONCAT_INNER_(left, right)
#define EVENKEEL_CONCAT_INNER_(left, right) left##right

namespace evenkeel::base {

// Machine-readable details travel on a status as payloads under this prefix: kDetailPrefix + key -> text.
// common/rpc carries them to gRPC clients as google.rpc.ErrorInfo: `reason` as the reason, the others as
// metadata.
inline constexpr absl::string_view kDetailPrefix = "evenkeel.dev/";
inline constexpr absl::string_view kReasonKey = "reason";
inline constexpr absl::string_view kFieldKey = "field";

// The status with the detail set; an OK status stays as it is.
absl::Status WithDetail(absl::Status status, absl::string_view key, absl::string_view value);

// The detail's text, or nothing.
std::optional<std::string> Detail(const absl::Status& status, absl::string_view key);

// `reason` is UPPER_SNAKE_CASE and stable (clients switch on it), for example "ETAG_MISMATCH".
absl::Status WithReason(absl::Status status, absl::string_view reason);

// InvalidField("spec.interval", "must be between 100ms and 10s"): INVALID_ARGUMENT that reads
// "spec.interval: must be between 100ms and 10s", with reason INVALID_FIELD and the field's name as details.
absl::Status InvalidField(absl::string_view field, absl::string_view problem);

// The same code and details, with "context: " before the message; OK stays OK.
absl::Status Annotate(const absl::Status& status, absl::string_view context);

}  // namespace evenkeel::base
