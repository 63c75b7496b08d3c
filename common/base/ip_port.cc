#include "common/base/ip_port.h"

#include <arpa/inet.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::base {
namespace {

constexpr int kMostPort = 65535;

bool IsIp(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(family, text.c_str(), address.data()) == 1;
}

}  // namespace

std::string IpPort::ToString() const {
  const bool v6 = absl::StrContains(address, ':');
  return absl::StrCat(v6 ? "[" : "", address, v6 ? "]" : "", ":", port);
}

bool IpPort::IsLocal() const {
  return absl::StartsWith(address, "127.") || address == "::1" || address == "0.0.0.0" || address == "::" ||
         absl::StartsWith(address, "::ffff:127.");
}

std::optional<IpPort> ParseIpPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  int port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port) || port < 1 ||
      port > kMostPort) {
    return std::nullopt;
  }
  absl::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  IpPort parsed{std::string(host), static_cast<uint16_t>(port)};
  if (!IsIp(bracketed ? AF_INET6 : AF_INET, parsed.address)) return std::nullopt;
  return parsed;
}

}  // namespace evenkeel::base
