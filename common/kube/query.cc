#include "common/kube/query.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace evenkeel::kube {

std::string EscapeUrl(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (absl::ascii_isalnum(byte) || c == '-' || c == '.' || c == '_' || c == '~') {
      escaped.push_back(c);
    } else {
      absl::StrAppendFormat(&escaped, "%%%02X", byte);
    }
  }
  return escaped;
}

Query& Query::Add(absl::string_view key, absl::string_view value) {
  if (!value.empty())
    absl::StrAppend(&text_, text_.empty() ? "?" : "&", EscapeUrl(key), "=", EscapeUrl(value));
  return *this;
}

}  // namespace evenkeel::kube
