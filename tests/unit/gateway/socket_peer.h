#pragma once

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "common/base/check.h"
#include "coordinator/gateway/haproxy_socket.h"

namespace evenkeel::testing {

// Listens on a Unix socket and does with each connection what the test says, until it goes.
class SocketPeer {
 public:
  explicit SocketPeer(std::function<void(int)> serve) : serve_(std::move(serve)) {
    std::string folder = (std::filesystem::temp_directory_path() / "evenkeel-peer-XXXXXX").string();
    EVENKEEL_CHECK(mkdtemp(folder.data()) != nullptr) << folder;
    folder_ = folder;
    listening_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = {}};
    std::strncpy(name.sun_path, path().c_str(), sizeof(name.sun_path) - 1);
    EVENKEEL_CHECK(bind(listening_, reinterpret_cast<sockaddr*>(&name), sizeof(name)) == 0 &&
                   listen(listening_, 16) == 0)
        << path();
    thread_ = std::thread([this] {
      for (;;) {
        const int connection = accept(listening_, nullptr, nullptr);
        if (connection < 0) return;
        serve_(connection);
        close(connection);
      }
    });
  }
  ~SocketPeer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
    std::filesystem::remove_all(folder_);
  }
  std::string path() const { return (folder_ / "socket").string(); }
  coordinator::haproxy::SocketAddress address() const {
    return *coordinator::haproxy::SocketAddress::Parse("unix:" + path());
  }

 private:
  const std::function<void(int)> serve_;
  std::filesystem::path folder_;
  int listening_ = -1;
  std::thread thread_;
};

inline std::string Heard(int connection) {
  std::array<char, 4096> buffer;
  const ssize_t count = recv(connection, buffer.data(), buffer.size(), 0);
  return {buffer.data(), static_cast<size_t>(count < 0 ? 0 : count)};
}

inline void Say(int connection, const std::string& text) {
  size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = send(connection, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<size_t>(count);
  }
}

}  // namespace evenkeel::testing
