// Where requests go, out of the URL that an operator wrote: a prober's, a hook's. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

struct ProbeTarget {
  bool tls = false;
  std::string host;  // a name or an IP address, without brackets
  uint16_t port = 0;
  std::string authority;  // as the URL has it, for the header Host
  std::string path;       // with the query; at least "/"
  bool operator==(const ProbeTarget&) const = default;

  // INVALID_ARGUMENT with what is wrong. A fragment is left out, since no server sees it.
  static absl::StatusOr<ProbeTarget> Parse(absl::string_view url);
};

// Whether it can stand in a request: begins with "/", and has no spaces, control characters or bytes beyond
// ASCII.
bool IsRequestPath(absl::string_view path);

// A GET of that path, which is one. `keeps`: the connection is to stay.
std::string RequestText(const ProbeTarget& target, absl::string_view path, bool keeps);

}  // namespace evenkeel::coordinator
