#include "common/kube/status.h"

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/utf8.h"

namespace evenkeel::kube {
namespace {

constexpr absl::string_view kHttpCode = "http_code";
constexpr absl::string_view kReason = "kubernetes_reason";
constexpr absl::string_view kRetryAfter = "retry_after_ms";
// Of an answer that is not a Status object, such as a proxy's error page.
constexpr std::size_t kMaxQuotedBytes = 200;
constexpr std::size_t kMaxMessageBytes = 1024;

absl::StatusCode CodeFor(int code, absl::string_view reason) {
  switch (code) {
    case 400:
    case 405:
    case 415:
    case 422:
      return absl::StatusCode::kInvalidArgument;
    case 401:
      return absl::StatusCode::kUnauthenticated;
    case 403:
      return absl::StatusCode::kPermissionDenied;
    case 404:
      return absl::StatusCode::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? absl::StatusCode::kAlreadyExists : absl::StatusCode::kAborted;
    case 410:
      return absl::StatusCode::kOutOfRange;
    case 413:
      return absl::StatusCode::kInvalidArgument;
    case 429:
      return absl::StatusCode::kResourceExhausted;
    default:
      return code >= 500 ? absl::StatusCode::kUnavailable : absl::StatusCode::kUnknown;
  }
}

std::string Text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

absl::Status StatusFromObject(int code, absl::string_view reason, absl::string_view message,
                              std::optional<absl::Duration> retry_after) {
  std::string text = absl::StrCat("the API server answered ", code);
  if (!reason.empty()) absl::StrAppend(&text, " ", reason);
  if (!message.empty()) {
    // It may come from a proxy, and it ends up in the decision that it stopped.
    absl::StrAppend(&text, ": ", base::ValidUtf8({message.data(), message.size()}, kMaxMessageBytes));
  }
  absl::Status status(CodeFor(code, reason), text);
  status = base::WithDetail(std::move(status), kHttpCode, absl::StrCat(code));
  if (!reason.empty()) status = base::WithDetail(std::move(status), kReason, reason);
  if (retry_after.has_value()) {
    status = base::WithDetail(std::move(status), kRetryAfter,
                              absl::StrCat(absl::ToInt64Milliseconds(*retry_after)));
  }
  return status;
}

absl::Status StatusFromHttp(int code, absl::string_view body, std::optional<absl::Duration> retry_after) {
  const auto object = nlohmann::json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || Text(object, "kind") != "Status") {
    return StatusFromObject(code, "", body.substr(0, kMaxQuotedBytes), retry_after);
  }
  std::string reason = Text(object, "reason");
  if (const auto details = object.find("details"); details != object.end() && details->is_object()) {
    const auto seconds = details->find("retryAfterSeconds");
    if (!retry_after.has_value() && seconds != details->end() && seconds->is_number_integer()) {
      // Negative, too, for what is beyond the type.
      const auto number = seconds->get<std::int64_t>();
      if (number > 0) retry_after = absl::Seconds(number);
    }
    // The eviction subresource's refusal has the general reason TooManyRequests; what tells it apart from an
    // overloaded server is its cause.
    if (const auto causes = details->find("causes"); causes != details->end() && causes->is_array()) {
      for (const auto& cause : *causes) {
        if (cause.is_object() && Text(cause, "reason") == "DisruptionBudget") reason = "DisruptionBudget";
      }
    }
  }
  return StatusFromObject(code, reason, Text(object, "message"), retry_after);
}

int HttpCode(const absl::Status& status) {
  int code = 0;
  const auto text = base::Detail(status, kHttpCode);
  return text.has_value() && absl::SimpleAtoi(*text, &code) ? code : 0;
}

std::string KubernetesReason(const absl::Status& status) {
  return base::Detail(status, kReason).value_or("");
}

std::optional<absl::Duration> RetryAfter(const absl::Status& status) {
  const auto text = base::Detail(status, kRetryAfter);
  std::int64_t milliseconds = 0;
  if (!text.has_value() || !absl::SimpleAtoi(*text, &milliseconds)) return std::nullopt;
  return absl::Milliseconds(milliseconds);
}

bool IsDisruptionBudgetRefusal(const absl::Status& status) {
  return KubernetesReason(status) == "DisruptionBudget";
}

}  // namespace evenkeel::kube
