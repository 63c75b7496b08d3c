#include "coordinator/prober/probe_line.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

bool IsForLater(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

std::string Words(int error) {
  return std::system_category().message(error);
}

}  // namespace

std::vector<ProbeAddress> NumericAddress(const std::string& host, uint16_t port) {
  ProbeAddress address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.address);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.address);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof(sockaddr_in6);
  } else {
    return {};
  }
  return {address};
}

ProbeLine::ProbeLine(const ProbeAddress& address, const ProbeTls* tls, const std::string& host)
    : tls_(tls),
      host_(host),
      descriptor_(
          socket(address.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)) {
  if (descriptor_ < 0) {
    Fail("no socket", errno);
    return;
  }
  const int now = 1;  // a small request is sent at once
  (void)setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &now, sizeof(now));
  events_ = POLLOUT;
  if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&address.address), address.size) == 0) {
    Connected();
  } else if (errno != EINPROGRESS) {
    Fail("no connection", errno);
  }
}

ProbeLine::~ProbeLine() {
  if (descriptor_ >= 0) close(descriptor_);
}

void ProbeLine::Fail(absl::string_view what, int error) {
  state_ = State::kFailed;
  problem_ = error == 0 ? std::string(what) : absl::StrCat(what, ": ", Words(error));
}

void ProbeLine::FailTls(absl::string_view what) {
  state_ = State::kFailed;
  const long verified = ssl_ == nullptr ? X509_V_OK : SSL_get_verify_result(ssl_.get());
  const unsigned long error = ERR_get_error();
  const char* const reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  ERR_clear_error();
  if (verified != X509_V_OK) {
    problem_ = absl::StrCat(what, ": its certificate: ", X509_verify_cert_error_string(verified));
  } else {
    problem_ = absl::StrCat(what, ": ", reason == nullptr ? "the connection ended" : reason);
  }
}

void ProbeLine::Connected() {
  if (tls_ == nullptr) {
    state_ = State::kOpen;
    events_ = POLLIN;
    return;
  }
  ssl_ = tls_->Begin(host_);
  SSL_set_fd(ssl_.get(), descriptor_);
  state_ = State::kShakingHands;
  ShakeHands();
}

ProbeLine::State ProbeLine::Advance() {
  if (state_ == State::kConnecting) {
    pollfd ready = {.fd = descriptor_, .events = POLLOUT, .revents = 0};
    if (poll(&ready, 1, 0) <= 0) return state_;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error != 0) {
      Fail("no connection", error);
    } else {
      Connected();
    }
  } else if (state_ == State::kShakingHands) {
    ShakeHands();
  }
  return state_;
}

bool ProbeLine::WantsMore(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) events_ = POLLIN;
  if (error == SSL_ERROR_WANT_WRITE) events_ = POLLOUT;
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

void ProbeLine::ShakeHands() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) {
    state_ = State::kOpen;
    events_ = POLLIN;
  } else if (!WantsMore(result)) {
    FailTls("the TLS handshake failed");
  }
}

size_t ProbeLine::Write(absl::string_view bytes) {
  if (state_ != State::kOpen || bytes.empty()) return 0;
  events_ = POLLIN;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int most = std::numeric_limits<int>::max();
    const int count =
        SSL_write(ssl_.get(), bytes.data(), static_cast<int>(std::min<size_t>(bytes.size(), most)));
    if (count > 0) return static_cast<size_t>(count);
    if (!WantsMore(count)) FailTls("it could not be sent");
    return 0;
  }
  const ssize_t count = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count >= 0) return static_cast<size_t>(count);
  if (IsForLater(errno)) {
    events_ = POLLOUT;
  } else if (errno == ECONNRESET || errno == EPIPE) {
    Fail("reset", 0);
  } else {
    Fail("it could not be sent", errno);
  }
  return 0;
}

ProbeLine::Got ProbeLine::Read(char* buffer, size_t size) {
  using What = Got::What;
  if (state_ != State::kOpen) return {What::kFailure};
  events_ = POLLIN;
  if (ssl_ != nullptr) {
    ERR_clear_error();
    const int most = std::numeric_limits<int>::max();
    const int count = SSL_read(ssl_.get(), buffer, static_cast<int>(std::min<size_t>(size, most)));
    if (count > 0) return {What::kBytes, static_cast<size_t>(count)};
    if (SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN) return {What::kEnd};
    if (WantsMore(count)) return {What::kNothingYet};
    FailTls("reset");
    return {What::kFailure};
  }
  const ssize_t count = recv(descriptor_, buffer, size, 0);
  if (count > 0) return {What::kBytes, static_cast<size_t>(count)};
  if (count == 0) return {What::kEnd};
  if (IsForLater(errno)) return {What::kNothingYet};
  if (errno == ECONNRESET) {
    Fail("reset", 0);
  } else {
    Fail("it could not be read", errno);
  }
  return {What::kFailure};
}

}  // namespace evenkeel::coordinator
