#include "agent/session/probe_try.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::agent {
namespace {

using v1::ProbeResult;

// The first line of an answer is shorter; a peer that sends more without one does not speak HTTP.
constexpr size_t kLongestStatusLine = 256;

std::string ErrorText(int error) {
  return std::generic_category().message(error);
}

// `immediate`: connect(2) itself failed, before anything was sent.
ProbeResult::Outcome OutcomeOfConnect(int error, bool immediate) {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
      return ProbeResult::OUTCOME_REFUSED;
    case ETIMEDOUT:
      return ProbeResult::OUTCOME_TIMED_OUT;
    case EHOSTUNREACH:
    case EHOSTDOWN:
      return ProbeResult::OUTCOME_UNREACHABLE;
    case ENETUNREACH:
      // Without a route of our own it is our network that is gone (L1); from a router it is the way to the
      // target.
      return immediate ? ProbeResult::OUTCOME_PROBER_FAILED : ProbeResult::OUTCOME_UNREACHABLE;
    default:
      return ProbeResult::OUTCOME_PROBER_FAILED;
  }
}

// An address literal and port; zero length when it is none.
socklen_t ParseAddress(const std::string& address, uint32_t port, sockaddr_storage& storage) {
  std::memset(&storage, 0, sizeof storage);
  if (port == 0 || port > 65535) {
    return 0;
  }
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  if (inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<uint16_t>(port));
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<uint16_t>(port));
    return sizeof v6;
  }
  return 0;
}

std::string TlsErrorText() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return text.data();
}

}  // namespace

ProbeTry::ProbeTry(Over over, const std::string& address, uint32_t port, SSL_CTX* tls,
                   const time::Clock& clock, std::string path)
    : over_(over), tls_context_(tls), clock_(clock), path_(std::move(path)), stage_began_(clock.Now()) {
  Connect(address, port);
}

ProbeTry::~ProbeTry() {
  Close();
}

void ProbeTry::Connect(const std::string& address, uint32_t port) {
  sockaddr_storage storage;
  const socklen_t length = ParseAddress(address, port, storage);
  if (length == 0) {
    End(connection_, ProbeResult::OUTCOME_PROBER_FAILED,
        absl::StrCat("\"", address.substr(0, 64), "\" port ", port, " is not an IP address and port"));
    return;
  }
  socket_ = socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    End(connection_, ProbeResult::OUTCOME_PROBER_FAILED, ErrorText(errno));
    return;
  }
  poll_events_ = POLLOUT;
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&storage), length) == 0) {
    Connected();
  } else if (errno != EINPROGRESS) {
    End(connection_, OutcomeOfConnect(errno, /*immediate=*/true), ErrorText(errno));
  }
}

void ProbeTry::Connected() {
  connection_.set_outcome(ProbeResult::OUTCOME_REACHED);
  const absl::Time now = clock_.Now();
  connection_.set_latency_us(static_cast<uint64_t>(absl::ToInt64Microseconds(now - stage_began_)));
  stage_began_ = now;
  if (over_ == Over::kHttp) {
    stage_ = Stage::kRequesting;
    request_ = absl::StrCat(
        "GET ", path_, " HTTP/1.1\r\nHost: agent\r\nUser-Agent: evenkeel-probe\r\nConnection: close\r\n\r\n");
    SendRequest();
    return;
  }
  stage_ = Stage::kHandshaking;
  tls_.reset(tls_context_ != nullptr ? SSL_new(tls_context_) : nullptr);
  if (tls_ == nullptr || SSL_set_fd(tls_.get(), socket_) != 1) {
    End(answer_, ProbeResult::OUTCOME_PROBER_FAILED, "no TLS session can be made here");
    return;
  }
  Handshake();
}

void ProbeTry::Advance() {
  switch (stage_) {
    case Stage::kConnecting: {
      int error = 0;
      socklen_t length = sizeof error;
      if (getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length) != 0) {
        error = errno;
      }
      if (error != 0) {
        End(connection_, OutcomeOfConnect(error, /*immediate=*/false), ErrorText(error));
      } else {
        Connected();
      }
      break;
    }
    case Stage::kHandshaking:
      Handshake();
      break;
    case Stage::kRequesting:
      SendRequest();
      break;
    case Stage::kReading:
      ReadAnswer();
      break;
    case Stage::kDone:
      break;
  }
}

void ProbeTry::Handshake() {
  ERR_clear_error();
  const int result = SSL_connect(tls_.get());
  if (result == 1) {
    End(answer_, ProbeResult::OUTCOME_REACHED, "");
    return;
  }
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      poll_events_ = POLLIN;
      break;
    case SSL_ERROR_WANT_WRITE:
      poll_events_ = POLLOUT;
      break;
    case SSL_ERROR_SSL:
      End(answer_, ProbeResult::OUTCOME_PROTOCOL_ERROR, TlsErrorText());
      break;
    default:
      End(answer_, ProbeResult::OUTCOME_PROTOCOL_ERROR, "the connection was closed during the TLS handshake");
  }
}

void ProbeTry::SendRequest() {
  const ssize_t sent = send(socket_, request_.data(), request_.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      End(answer_, ProbeResult::OUTCOME_PROTOCOL_ERROR, ErrorText(errno));
    }
    return;
  }
  request_.erase(0, static_cast<size_t>(sent));
  if (request_.empty()) {
    stage_ = Stage::kReading;
    poll_events_ = POLLIN;
  }
}

void ProbeTry::ReadAnswer() {
  std::array<char, kLongestStatusLine> buffer;
  const ssize_t received = recv(socket_, buffer.data(), buffer.size(), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) {
    return;
  }
  if (received <= 0) {
    End(answer_, ProbeResult::OUTCOME_PROTOCOL_ERROR,
        received == 0 ? "the connection was closed without an answer" : ErrorText(errno));
    return;
  }
  answer_text_.append(buffer.data(), static_cast<size_t>(received));
  const size_t line_end = answer_text_.find('\n');
  if (line_end == std::string::npos && answer_text_.size() < kLongestStatusLine) {
    return;
  }
  const absl::string_view line = absl::string_view(answer_text_).substr(0, line_end);
  // "HTTP/1.1 200 OK"
  const bool alive = absl::StartsWith(line, "HTTP/1.") && line.size() >= 12 && line.substr(8, 4) == " 200";
  End(answer_, alive ? ProbeResult::OUTCOME_REACHED : ProbeResult::OUTCOME_PROTOCOL_ERROR,
      alive ? "" : absl::StrCat("the answer to GET ", path_, " was not 200 OK"));
}

void ProbeTry::Expire() {
  if (stage_ == Stage::kConnecting) {
    End(connection_, ProbeResult::OUTCOME_TIMED_OUT, "");
  } else if (stage_ != Stage::kDone) {
    End(answer_, ProbeResult::OUTCOME_TIMED_OUT, "");
  }
}

void ProbeTry::End(ProbeResult& result, ProbeResult::Outcome outcome, std::string detail) {
  result.set_outcome(outcome);
  result.set_latency_us(
      static_cast<uint64_t>(std::max<int64_t>(0, absl::ToInt64Microseconds(clock_.Now() - stage_began_))));
  result.set_detail(std::move(detail));
  stage_ = Stage::kDone;
  Close();
}

void ProbeTry::Close() {
  tls_.reset();
  if (socket_ >= 0) {
    close(socket_);
    socket_ = -1;
  }
}

}  // namespace evenkeel::agent
