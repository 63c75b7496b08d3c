// One line to one of HAProxy's runtime sockets, and what it answers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/gateway/call.h"

namespace evenkeel::coordinator::haproxy {

// "unix:/run/haproxy/admin.sock", "tcp:10.0.0.7:9999" or "tcp:[fd00::7]:9999". Addresses are numbers: names
// would be looked up without a deadline.
struct SocketAddress {
  std::string unix_path;  // or
  std::string host;
  uint16_t port = 0;

  // INVALID_ARGUMENT with what is wrong.
  static absl::StatusOr<SocketAddress> Parse(absl::string_view text);
  std::string ToString() const;
};

// The runtime socket has no bound on its answers; nobody who uses this has more to say than that.
inline constexpr size_t kLongestAnswer = size_t{4} << 20;

// Who ends a connection. A worker closes it after the answers to one line, and leaves commands of that line
// out when it is told earlier that no more comes. A master waits for more commands until it is told.
enum class Whose { kWorkers, kMasters };

// Connects, sends `line` and a line feed, reads until the other side closes. UNAVAILABLE: it cannot have been
// carried out, because no connection was made. RESOURCE_EXHAUSTED: the answer is longer than `most_bytes`.
// INTERNAL: the connection broke; DEADLINE_EXCEEDED, CANCELLED as the call: for these three it may or may not
// have been carried out. PERMISSION_DENIED: the socket's file does not let us.
absl::StatusOr<std::string> Ask(const SocketAddress& address, absl::string_view line, const Call& call,
                                Whose whose = Whose::kWorkers, size_t most_bytes = kLongestAnswer);

}  // namespace evenkeel::coordinator::haproxy
