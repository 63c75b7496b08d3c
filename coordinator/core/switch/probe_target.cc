#include "coordinator/core/switch/probe_target.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace evenkeel::coordinator {
namespace {

constexpr uint16_t kHttpPort = 80;
constexpr uint16_t kHttpsPort = 443;
constexpr uint32_t kLastPort = 65535;

bool IsVisible(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char letter) { return letter > ' ' && letter < 0x7f; });
}

// Of "host", "host:port", "[v6]" and "[v6]:port".
absl::Status TakeAuthority(absl::string_view text, ProbeTarget& target) {
  target.authority = std::string(text);
  absl::string_view port;
  if (absl::ConsumePrefix(&text, "[")) {
    const size_t end = text.find(']');
    if (end == absl::string_view::npos) return absl::InvalidArgumentError("its \"[\" has no \"]\"");
    target.host = std::string(text.substr(0, end));
    port = text.substr(end + 1);
  } else {
    target.host = std::string(text.substr(0, text.find(':')));
    port = text.substr(target.host.size());
  }
  if (target.host.empty()) return absl::InvalidArgumentError("it names no host");
  target.port = target.tls ? kHttpsPort : kHttpPort;
  if (port.empty()) return absl::OkStatus();
  uint32_t number = 0;
  const bool is_port = absl::ConsumePrefix(&port, ":") && absl::SimpleAtoi(port, &number);
  if (!is_port || number == 0 || number > kLastPort) {
    return absl::InvalidArgumentError("its port is no number from 1 to 65535");
  }
  target.port = static_cast<uint16_t>(number);
  return absl::OkStatus();
}

}  // namespace

bool IsRequestPath(absl::string_view path) {
  return !path.empty() && path.front() == '/' && IsVisible(path);
}

absl::StatusOr<ProbeTarget> ProbeTarget::Parse(absl::string_view url) {
  ProbeTarget target;
  target.tls = absl::ConsumePrefix(&url, "https://");
  if (!target.tls && !absl::ConsumePrefix(&url, "http://")) {
    return absl::InvalidArgumentError("it is no http or https URL");
  }
  if (!IsVisible(url)) return absl::InvalidArgumentError("it has spaces or other letters than ASCII");
  url = url.substr(0, url.find('#'));
  const absl::string_view authority = url.substr(0, url.find_first_of("/?"));
  if (authority.find('@') != absl::string_view::npos) {
    return absl::InvalidArgumentError("it must not hold a user's name or password");
  }
  if (const absl::Status status = TakeAuthority(authority, target); !status.ok()) return status;
  const absl::string_view path = url.substr(authority.size());
  target.path = absl::StrCat(path.empty() || path.front() != '/' ? "/" : "", path);
  return target;
}

std::string RequestText(const ProbeTarget& target, absl::string_view path, bool keeps) {
  return absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: ", target.authority,
                      "\r\nUser-Agent: evenkeel-prober/" EVENKEEL_VERSION "\r\nAccept: */*\r\nConnection: ",
                      keeps ? "keep-alive" : "close", "\r\n\r\n");
}

}  // namespace evenkeel::coordinator
