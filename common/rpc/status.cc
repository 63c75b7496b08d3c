#include "common/rpc/status.h"

#include <string>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"
#include "common/base/utf8.h"
#include "common/rpc/wire.h"

namespace evenkeel::rpc {
namespace {

// Together well below the 8 KiB that gRPC's peers accept as headers by default.
constexpr std::size_t kMaxMessageBytes = 2048;
constexpr std::size_t kMaxDetailBytes = 512;
constexpr std::size_t kMaxDetails = 6;

// Valid UTF-8: a client could not read the details otherwise.
std::string Cut(absl::string_view text, std::size_t limit) {
  return absl::StrCat(base::ValidUtf8({text.data(), text.size()}, limit), text.size() > limit ? "..." : "");
}

}  // namespace

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  ErrorInfo info;
  info.reason = absl::StatusCodeToString(status.code());
  info.domain = kErrorDomain;
  status.ForEachPayload([&](absl::string_view key, const absl::Cord& payload) {
    if (!absl::ConsumePrefix(&key, base::kDetailPrefix)) return;
    const std::string value = Cut(std::string(payload), kMaxDetailBytes);
    if (key == base::kReasonKey) {
      info.reason = value;
    } else if (info.metadata.size() < kMaxDetails) {
      info.metadata.emplace(std::string(key), value);
    }
  });
  const std::string message = Cut(status.message(), kMaxMessageBytes);
  // absl::StatusCode and grpc::StatusCode share their numbers.
  const auto code = static_cast<grpc::StatusCode>(status.code());
  return grpc::Status(code, message, EncodeStatus(code, message, info));
}

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status converted(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
  const auto info = DecodeErrorInfo(status.error_details());
  if (!info.has_value() || info->domain != kErrorDomain) return converted;
  converted = base::WithReason(std::move(converted), info->reason);
  for (const auto& [key, value] : info->metadata)
    converted = base::WithDetail(std::move(converted), key, value);
  return converted;
}

}  // namespace evenkeel::rpc
