// An address that can be connected to without asking anybody for a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace evenkeel::base {

struct IpPort {
  std::string address;  // an IPv4 or IPv6 literal, without brackets
  uint16_t port = 0;
  bool operator==(const IpPort&) const = default;

  // "10.0.0.1:6443", "[fd00::1]:6443".
  std::string ToString() const;
  // Of this machine alone, or of none: 127.0.0.1, ::1, 0.0.0.0.
  bool IsLocal() const;
};

// As ToString gives it, with a port from 1 to 65535; none: it is not such an address.
std::optional<IpPort> ParseIpPort(absl::string_view text);

}  // namespace evenkeel::base
