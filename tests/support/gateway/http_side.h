#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

namespace httplib {
class Server;
}  // namespace httplib

namespace evenkeel::testing {

// One server of an application, over real HTTP on loopback. It answers with its side's name:
//   /        at once
//   /slow    after 300 ms
//   /held    when Release was called
//   /stream  in ten pieces over 300 ms, the last of which is "end"
//   /broken  with 500
class HttpSide {
 public:
  explicit HttpSide(std::string name);
  ~HttpSide();
  HttpSide(const HttpSide&) = delete;
  HttpSide& operator=(const HttpSide&) = delete;

  const std::string& name() const { return name_; }
  int port() const { return port_; }
  uint64_t answered() const { return answered_; }
  int held() const { return held_; }  // requests that wait in /held now
  void Release() { released_ = true; }

 private:
  const std::string name_;
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  std::atomic<uint64_t> answered_ = 0;
  std::atomic<int> held_ = 0;
  std::atomic<bool> released_ = false;
  std::thread thread_;
};

}  // namespace evenkeel::testing
