#include "coordinator/serve/page_token.h"

#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kDefaultPageSize = 50;
constexpr size_t kLargestPageSize = 1000;
constexpr size_t kFingerprintSize = 16;  // characters of a 64-bit number in hexadecimal

// FNV-1a over the parts, each with its length, so that ("ab", "c") and ("a", "bc") differ. Fixed by its
// definition, so that a token outlives a restart of the coordinator.
std::string Fingerprint(std::initializer_list<absl::string_view> request) {
  uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](absl::string_view bytes) {
    for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 1099511628211U;
  };
  for (absl::string_view part : request) {
    add(absl::StrCat(part.size(), ":"));
    add(part);
  }
  return absl::StrCat(absl::Hex(hash, absl::kZeroPad16));
}

}  // namespace

absl::StatusOr<size_t> PageSize(int32_t requested) {
  if (requested < 0) return base::InvalidField("page_size", "must not be negative");
  if (requested == 0) return kDefaultPageSize;
  return std::min<size_t>(static_cast<size_t>(requested), kLargestPageSize);
}

std::string MakePageToken(std::initializer_list<absl::string_view> request, absl::string_view last_key) {
  return absl::WebSafeBase64Escape(absl::StrCat(Fingerprint(request), last_key));
}

absl::StatusOr<std::string> ReadPageToken(std::initializer_list<absl::string_view> request,
                                          absl::string_view token) {
  if (token.empty()) return "";
  std::string bytes;
  if (!absl::WebSafeBase64Unescape(token, &bytes) || bytes.size() <= kFingerprintSize) {
    return base::InvalidField("page_token", "is not one that this API gave; leave it empty to begin anew");
  }
  if (bytes.compare(0, kFingerprintSize, Fingerprint(request)) != 0) {
    return base::InvalidField("page_token",
                              "belongs to another request; only page_size may change from page to page");
  }
  return bytes.substr(kFingerprintSize);
}

}  // namespace evenkeel::coordinator
