#include "common/observability/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"

namespace evenkeel::observability {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMaxRequestBytes = 4096;
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr absl::string_view kEndOfHeaders = "\r\n\r\n";

const char* PhraseOf(int code) {
  switch (code) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 431:
      return "Request Header Fields Too Large";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

std::string Compose(const Endpoint::Reply& reply, bool head) {
  std::string text =
      absl::StrCat("HTTP/1.1 ", reply.code, " ", PhraseOf(reply.code),
                   "\r\nContent-Type: ", reply.content_type, "\r\nContent-Length: ", reply.body.size(),
                   "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
  if (reply.code == 405) absl::StrAppend(&text, "Allow: GET, HEAD\r\n");
  absl::StrAppend(&text, "Connection: close\r\n\r\n");
  if (!head) text += reply.body;
  return text;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

absl::StatusOr<Address> ParseAddress(const std::string& text, int port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(static_cast<std::uint16_t>(port));
    address.size = sizeof(sockaddr_in6);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not an IP address to listen on"));
  }
  return address;
}

int PortOf(int socket) {
  Address address;
  address.size = sizeof(address.storage);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  // The port stands at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

}  // namespace

struct Endpoint::Connection {
  Connection(int file, SteadyClock::time_point ends) : socket(file), deadline(ends) {}
  ~Connection() { close(socket); }

  const int socket;
  const SteadyClock::time_point deadline;
  std::string request;
  std::string answer;  // empty until the request is complete
  std::size_t sent = 0;
  bool finished = false;
};

absl::StatusOr<std::unique_ptr<Endpoint>> Endpoint::Start(const Options& options, Handler handler) {
  const auto address = ParseAddress(options.address, options.port);
  if (!address.ok()) return address.status();
  const int listener = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listener < 0) return absl::ErrnoToStatus(errno, "a socket to listen on");
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address->storage), address->size) != 0 ||
      listen(listener, options.max_connections) != 0) {
    const int error = errno;
    close(listener);
    return absl::UnavailableError(absl::StrCat("cannot listen on ", options.address, " port ", options.port,
                                               ": ", std::strerror(error)));
  }
  const int stop = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  EVENKEEL_CHECK(stop >= 0) << "no eventfd: " << std::strerror(errno);
  return std::unique_ptr<Endpoint>(
      new Endpoint(options, std::move(handler), listener, PortOf(listener), stop));
}

Endpoint::Endpoint(const Options& options, Handler handler, int listener, int port, int stop)
    : options_(options), handler_(std::move(handler)), listener_(listener), port_(port), stop_(stop) {
  // The process's signals are for the threads that wait for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  pthread_setname_np(thread_.native_handle(), "observability");
}

Endpoint::~Endpoint() {
  const std::uint64_t one = 1;
  EVENKEEL_CHECK(write(stop_, &one, sizeof(one)) == sizeof(one)) << "the endpoint's thread cannot be stopped";
  thread_.join();
  connections_.clear();
  close(listener_);
  close(stop_);
}

void Endpoint::Run() {
  while (true) {
    const short listening = SteadyClock::now() < accept_again_ ? 0 : POLLIN;
    std::vector<pollfd> files = {{.fd = stop_, .events = POLLIN, .revents = 0},
                                 {.fd = listener_, .events = listening, .revents = 0}};
    for (const auto& connection : connections_) {
      const short wanted = connection->answer.empty() ? POLLIN : POLLOUT;
      files.push_back({.fd = connection->socket, .events = wanted, .revents = 0});
    }
    const absl::Duration wait = absl::Ceil(UntilNextDeadline(), absl::Milliseconds(1));
    const int count = poll(files.data(), files.size(), static_cast<int>(absl::ToInt64Milliseconds(wait)));
    EVENKEEL_CHECK(count >= 0 || errno == EINTR) << "poll: " << std::strerror(errno);
    if (files[0].revents != 0) return;
    const auto now = SteadyClock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& connection = *connections_[i];
      if (now >= connection.deadline) {
        connection.finished = true;
      } else if (files[i + 2].revents != 0) {
        if (connection.answer.empty()) Read(connection);
        if (!connection.answer.empty()) Write(connection);
      }
    }
    std::erase_if(connections_, [](const auto& connection) { return connection->finished; });
    if (files[1].revents != 0) Accept();
  }
}

absl::Duration Endpoint::UntilNextDeadline() const {
  const auto now = SteadyClock::now();
  absl::Duration left = absl::Minutes(1);
  // The oldest ends first: each has the same time.
  if (!connections_.empty()) left = absl::FromChrono(connections_.front()->deadline - now);
  if (now < accept_again_) left = std::min(left, absl::FromChrono(accept_again_ - now));
  return std::max(left, absl::ZeroDuration());
}

void Endpoint::Accept() {
  // At most as many as there is room for in all, so that those that are open get their turn.
  for (int i = 0; i < options_.max_connections; ++i) {
    const int file = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (file < 0) {
      // Without files to give, whoever waits would have us poll in circles.
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        accept_again_ = SteadyClock::now() + kAcceptPause;
      }
      return;
    }
    if (connections_.size() >= static_cast<std::size_t>(options_.max_connections)) {
      connections_.erase(connections_.begin());
    }
    const auto deadline = SteadyClock::now() + absl::ToChronoNanoseconds(options_.connection_time);
    connections_.push_back(std::make_unique<Connection>(file, deadline));
  }
}

void Endpoint::Read(Connection& connection) {
  char buffer[1024];
  const ssize_t count = recv(connection.socket, buffer, sizeof(buffer), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    connection.finished = true;
    return;
  }
  connection.request.append(buffer, static_cast<std::size_t>(count));
  if (absl::StrContains(connection.request, kEndOfHeaders)) {
    connection.answer = Answer(connection.request);
  } else if (connection.request.size() > kMaxRequestBytes) {
    connection.answer = Compose({.code = 431, .body = "the request is too large\n"}, false);
  }
}

void Endpoint::Write(Connection& connection) {
  const absl::string_view rest = absl::string_view(connection.answer).substr(connection.sent);
  const ssize_t count = send(connection.socket, rest.data(), rest.size(), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) connection.sent += static_cast<std::size_t>(count);
  connection.finished = count <= 0 || connection.sent == connection.answer.size();
}

std::string Endpoint::Answer(absl::string_view request) {
  const absl::string_view line = request.substr(0, request.find("\r\n"));
  const std::vector<absl::string_view> parts = absl::StrSplit(line, ' ');
  if (parts.size() != 3 || !absl::StartsWith(parts[1], "/") || !absl::StartsWith(parts[2], "HTTP/1.")) {
    return Compose({.code = 400, .body = "this is not an HTTP/1 request\n"}, false);
  }
  const bool head = parts[0] == "HEAD";
  if (!head && parts[0] != "GET")
    return Compose({.code = 405, .body = "only GET and HEAD are served here\n"}, false);
  return Compose(handler_(parts[1].substr(0, parts[1].find('?'))), head);
}

}  // namespace evenkeel::observability
