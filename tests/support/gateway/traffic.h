#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace evenkeel::testing {

// One request; the answer's text, or nothing when it was lost, cut or no 200.
std::optional<std::string> Fetch(int port, const std::string& path, const std::string& canary = "");

// Clients of all four kinds at once, until Stop: those that open a connection for each request, those that
// keep theirs, slow requests, and streams. A loop of fresh connections alone would see neither resets nor cut
// requests.
class Traffic {
 public:
  explicit Traffic(int port, int of_each_kind = 2);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  // Waits until `count` more requests of each kind were answered or lost. So what follows was under load.
  void Await(uint64_t count);
  void Stop();  // lets what is under way end

  struct Counts {
    uint64_t requests = 0;
    uint64_t failed = 0;
  };
  std::map<std::string, Counts> counts();         // by kind: fresh, keepalive, slow, stream
  std::map<std::string, uint64_t> answered_by();  // by side
  std::vector<std::string> failures();            // in words, the first ones

 private:
  void Run(const std::string& kind);

  const int port_;
  std::atomic<bool> stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, Counts> counts_;         // guarded by the mutex
  std::map<std::string, uint64_t> answered_by_;  // the same
  std::vector<std::string> failures_;            // the same
  std::vector<std::thread> threads_;
};

}  // namespace evenkeel::testing
