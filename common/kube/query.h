#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace evenkeel::kube {

// RFC 3986: everything but the unreserved characters is escaped.
std::string EscapeUrl(absl::string_view text);

// Builds "?key=value&key=value"; entries with an empty value are left out.
class Query {
 public:
  Query& Add(absl::string_view key, absl::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace evenkeel::kube
