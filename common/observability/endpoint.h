#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace evenkeel::observability {

// Answers GET and HEAD over plain HTTP/1.1, one request a connection, on one thread.
//
// It faces everybody who can reach the node, so everything is bounded: a connection has `connection_time` for
// its whole life (a client that sends a byte now and then gains nothing by it), a request 4 KiB, and when all
// `max_connections` are taken the oldest makes room. That is why it is not a general HTTP server: those we
// could take bound each read but not their sum, and hold a thread a connection, so that two slow strangers
// would silence /livez and have the kubelet restart us.
class Endpoint {
 public:
  struct Options {
    std::string address = "0.0.0.0";  // or "::", or one interface's
    int port = 0;                     // 0: any free one
    int max_connections = 64;
    absl::Duration connection_time = absl::Seconds(5);
  };
  struct Reply {
    int code = 200;
    std::string body;
    std::string content_type = "text/plain; charset=utf-8";
  };
  // `path` without its query. Called on the endpoint's thread, one at a time.
  using Handler = std::function<Reply(absl::string_view path)>;

  // Listens when it returns. INVALID_ARGUMENT for an address that is none, UNAVAILABLE when it cannot be had.
  static absl::StatusOr<std::unique_ptr<Endpoint>> Start(const Options& options, Handler handler);
  // Closes all connections.
  ~Endpoint();

  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  int port() const { return port_; }

 private:
  struct Connection;

  Endpoint(const Options& options, Handler handler, int listener, int port, int stop);
  void Run();
  void Accept();
  void Read(Connection& connection);
  void Write(Connection& connection);
  std::string Answer(absl::string_view request);
  absl::Duration UntilNextDeadline() const;

  const Options options_;
  const Handler handler_;
  const int listener_;
  const int port_;
  const int stop_;                                        // an eventfd
  std::vector<std::unique_ptr<Connection>> connections_;  // oldest first; the thread's only
  std::chrono::steady_clock::time_point accept_again_;
  std::thread thread_;
};

}  // namespace evenkeel::observability
