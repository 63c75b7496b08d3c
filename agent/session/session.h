#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "agent/core/report_source.h"
#include "agent/session/fence_port.h"
#include "agent/session/prober.h"
#include "agent/session/restarter.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// Who the agent is and whom it reports to.
struct SessionOptions {
  std::string cluster;
  std::string node;
  std::string boot_id;
  uint16_t agent_port = 0;
  std::vector<std::string> coordinators;  // "host:port", at least one; tried in turn
  std::string ca_file;                    // vouches for the coordinator
  std::string server_name;  // expected in the coordinator's certificate; empty: the host of the address
  // Either a token, in clusters, or a client certificate. Files are read again for every connection: tokens
  // and certificates are rotated.
  std::string token_file;
  std::string certificate_file;
  std::string key_file;
};

// What the session did so far; each is read alone, from any thread.
struct SessionCounters {
  std::atomic<bool> connected = false;  // welcomed by a coordinator, and the stream is open
  std::atomic<uint64_t> sessions = 0;   // welcomes
  std::atomic<uint64_t> failures = 0;   // connections that failed or broke
  std::atomic<uint64_t> beats = 0;
  std::atomic<uint64_t> late_beats = 0;  // sent more than half an interval after they were due
  std::atomic<uint64_t> reports = 0;
  std::atomic<uint64_t> probes = 0;
  std::atomic<bool> goodbye_heard = false;  // the coordinator has taken note of the goodbye
};

// Keeps the one stream to a coordinator open: hello, beats, reports, answers to probe and restart requests,
// goodbye.
//
// One thread does all of it, and does nothing that could block: so a beat is late only when the machine
// itself is starved, which is what its lateness then tells. One message is under way at a time; when the
// connection does not take it, beats are left out, not queued, and of what collectors see the newest is kept.
class Session {
 public:
  // All of `reports`, `prober`, `restarter`, `clock` and `fence` outlive the session; `fence` may be null.
  // Begins to connect at once.
  Session(SessionOptions options, ReportSource& reports, Prober& prober, Restarter& restarter,
          const time::Clock& clock, FencePort* fence = nullptr);
  // As Stop with the reason "stopping".
  ~Session();

  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Says goodbye, waits for the coordinator to close the stream (at most half a second) and ends the thread.
  // Repeated calls do nothing.
  void Stop(const std::string& reason);

  const SessionCounters& counters() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
  std::thread thread_;
};

}  // namespace evenkeel::agent
