// The other side of a client, on real sockets of the loopback: does what gateways do, good and bad.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/base/check.h"

namespace evenkeel::coordinator {

// One accepted connection; closed with it.
class Peer {
 public:
  explicit Peer(int descriptor) : descriptor_(descriptor) {}
  Peer(Peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() { Close(); }

  // What has come so far, without waiting.
  std::string Read() const {
    std::array<char, 4096> buffer;
    const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    return count > 0 ? std::string(buffer.data(), static_cast<size_t>(count)) : std::string();
  }
  void Write(const std::string& bytes) const {
    EVENKEEL_CHECK(send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
                   static_cast<ssize_t>(bytes.size()))
        << "send";
  }
  // Without waiting; false: there is no room now.
  bool WriteSome(const std::string& bytes) const {
    return send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0;
  }
  void Close() {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  }
  // What is under way is lost, and the other side hears so.
  void Reset() {
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    Close();
  }

 private:
  int descriptor_;
};

class Listener {
 public:
  explicit Listener(int backlog = 64) : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EVENKEEL_CHECK(bind(descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) << "bind";
    EVENKEEL_CHECK(listen(descriptor_, backlog) == 0) << "listen";
    socklen_t size = sizeof(address);
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }
  ~Listener() {
    for (const int filler : fillers_) close(filler);
    Close();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Waits for one.
  Peer Accept() const { return Peer(accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC)); }
  bool SomebodyWaits() const {
    pollfd ready = {.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 0) > 0;
  }
  // Fills the queue of connections that nobody accepts: the kernel drops further ones without a word.
  void Fill() {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    for (int i = 0; i < 8; ++i) {
      fillers_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(fillers_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    }
  }
  // From then on connections are refused.
  void Close() {
    if (descriptor_ >= 0) close(std::exchange(descriptor_, -1));
  }
  uint16_t port() const { return port_; }

 private:
  int descriptor_;
  uint16_t port_ = 0;
  std::vector<int> fillers_;
};

}  // namespace evenkeel::coordinator
