#include "coordinator/gateway/haproxy_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace evenkeel::coordinator::haproxy {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }

 private:
  int descriptor_;
};

struct Target {
  sockaddr_storage address = {};
  socklen_t size = 0;
};

absl::StatusOr<Target> TargetOf(const SocketAddress& address) {
  Target target;
  if (!address.unix_path.empty()) {
    auto* name = reinterpret_cast<sockaddr_un*>(&target.address);
    name->sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof(name->sun_path)) {
      return absl::InvalidArgumentError(
          absl::StrCat("the path of a socket has at most ", sizeof(name->sun_path) - 1, " bytes"));
    }
    std::memcpy(name->sun_path, address.unix_path.c_str(), address.unix_path.size() + 1);
    target.size = sizeof(sockaddr_un);
    return target;
  }
  auto* v4 = reinterpret_cast<sockaddr_in*>(&target.address);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&target.address);
  if (inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    target.size = sizeof(sockaddr_in);
    return target;
  }
  if (inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    target.size = sizeof(sockaddr_in6);
    return target;
  }
  return absl::InvalidArgumentError(absl::StrCat("\"", address.host, "\" is no IP address"));
}

absl::Status Failure(const SocketAddress& address, absl::string_view doing, int error) {
  std::string words = absl::StrCat("HAProxy's socket ", address.ToString(), ": ", doing, ": ",
                                   std::system_category().message(error));
  if (error == EACCES || error == EPERM) return absl::PermissionDeniedError(std::move(words));
  return absl::InternalError(std::move(words));
}

absl::Status Connect(int descriptor, const SocketAddress& address, const Target& target, const Call& call) {
  int error = 0;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&target.address), target.size) != 0)
    error = errno;
  if (error == EINPROGRESS) {
    EVENKEEL_RETURN_IF_ERROR(call.Poll(descriptor, POLLOUT, "connecting to HAProxy's socket"));
    socklen_t size = sizeof(error);
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  }
  if (error == 0) return absl::OkStatus();
  absl::Status failure = Failure(address, "cannot connect", error);
  // EAGAIN is a Unix socket's full backlog: HAProxy hangs, or is asked by too many.
  return absl::IsPermissionDenied(failure) ? failure : absl::UnavailableError(failure.message());
}

absl::Status Send(int descriptor, const SocketAddress& address, absl::string_view text, const Call& call) {
  while (!text.empty()) {
    EVENKEEL_RETURN_IF_ERROR(call.Poll(descriptor, POLLOUT, "sending to HAProxy's socket"));
    const ssize_t count = send(descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR) return Failure(address, "sending", errno);
    if (count > 0) text.remove_prefix(static_cast<size_t>(count));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Receive(int descriptor, const SocketAddress& address, const Call& call,
                                    size_t most_bytes) {
  std::string answer;
  std::array<char, 16384> buffer;
  for (;;) {
    EVENKEEL_RETURN_IF_ERROR(call.Poll(descriptor, POLLIN, "waiting for HAProxy's answer"));
    const ssize_t count = recv(descriptor, buffer.data(), buffer.size(), 0);
    if (count == 0) return answer;
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return Failure(address, "reading", errno);
    }
    if (answer.size() + static_cast<size_t>(count) > most_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat("HAProxy's socket ", address.ToString(),
                                                       " answers with more than ", most_bytes, " bytes"));
    }
    answer.append(buffer.data(), static_cast<size_t>(count));
  }
}

}  // namespace

absl::StatusOr<SocketAddress> SocketAddress::Parse(absl::string_view text) {
  SocketAddress address;
  if (absl::ConsumePrefix(&text, "unix:")) {
    address.unix_path = std::string(text);
    if (!absl::StartsWith(text, "/")) {
      return absl::InvalidArgumentError("unix: must be followed by an absolute path");
    }
  } else if (absl::ConsumePrefix(&text, "tcp:")) {
    const size_t colon = text.rfind(':');
    if (colon == absl::string_view::npos) return absl::InvalidArgumentError("tcp:IP:PORT lacks the port");
    absl::string_view host = text.substr(0, colon);
    uint32_t port = 0;
    if (!absl::SimpleAtoi(text.substr(colon + 1), &port) || port == 0 || port > 65535) {
      return absl::InvalidArgumentError("the port must be a number from 1 to 65535");
    }
    if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
      return absl::InvalidArgumentError("an IPv6 address is written as [ADDRESS]");
    }
    address.host = std::string(host);
    address.port = static_cast<uint16_t>(port);
  } else {
    return absl::InvalidArgumentError("a runtime socket is unix:PATH or tcp:IP:PORT");
  }
  EVENKEEL_RETURN_IF_ERROR(TargetOf(address).status());
  return address;
}

std::string SocketAddress::ToString() const {
  if (!unix_path.empty()) return absl::StrCat("unix:", unix_path);
  const bool v6 = absl::StrContains(host, ":");
  return absl::StrCat("tcp:", v6 ? "[" : "", host, v6 ? "]:" : ":", port);
}

absl::StatusOr<std::string> Ask(const SocketAddress& address, absl::string_view line, const Call& call,
                                Whose whose, size_t most_bytes) {
  EVENKEEL_ASSIGN_OR_RETURN(const Target target, TargetOf(address));
  const Descriptor descriptor(
      socket(target.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (descriptor.get() < 0) return Failure(address, "socket", errno);
  EVENKEEL_RETURN_IF_ERROR(Connect(descriptor.get(), address, target, call));
  EVENKEEL_RETURN_IF_ERROR(Send(descriptor.get(), address, absl::StrCat(line, "\n"), call));
  if (whose == Whose::kMasters) shutdown(descriptor.get(), SHUT_WR);
  return Receive(descriptor.get(), address, call, most_bytes);
}

}  // namespace evenkeel::coordinator::haproxy
