// What the agents' sessions tell the fleet view (serve/): who speaks for which node, and what it reports.
//
// Threading: all calls come from the one thread of the sessions. They must not block and should be short:
// while a call lasts, no beat of any agent is read. Order: for each node OnSessionOpened, then its OnReport
// calls, then OnSessionClosed with the same session id; a session that takes another's place is opened after
// the other was closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

// When a session's latest beat came, by our clock and by the node's. Written by the sessions' thread with
// every beat and read by any thread, without a lock. The two values may be of neighbouring beats.
class LastBeat {
 public:
  explicit LastBeat(absl::Time opened) : received_us_(absl::ToUnixMicros(opened)) {}

  // Our clock; before the first beat: when the session opened.
  absl::Time received() const { return absl::FromUnixMicros(received_us_.load(std::memory_order_relaxed)); }
  // The node's wall clock in milliseconds since the Unix epoch; 0 = no beat yet.
  uint64_t node_time_ms() const { return node_time_ms_.load(std::memory_order_relaxed); }

  void Set(absl::Time received, uint64_t node_time_ms) {
    received_us_.store(absl::ToUnixMicros(received), std::memory_order_relaxed);
    node_time_ms_.store(node_time_ms, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> received_us_;
  std::atomic<uint64_t> node_time_ms_{0};
};

// A session as the hello described it, after its claims were checked.
struct SessionDescription {
  uint64_t session_id = 0;
  std::string agent_version;  // at most 64 bytes
  std::string boot_id;        // at most 64 bytes
  uint16_t agent_port = 0;
  std::string peer;  // the agent's address, as gRPC writes it
  absl::Time opened;
  std::shared_ptr<const LastBeat> last_beat;  // may be kept and read for as long as one likes
};

class ReportSink {
 public:
  virtual ~ReportSink() = default;

  virtual void OnSessionOpened(const NodeKey& node, const SessionDescription& session) = 0;

  // `report` is within the limits of coordinator/session/validate.h and gone after the call. Its first in a
  // session has `full` set: whatever an earlier session reported is then no longer true.
  virtual void OnReport(const NodeKey& node, uint64_t session_id, const evenkeel::v1::Report& report) = 0;

  // `reason` is for people: "said goodbye: SIGTERM", "connection lost".
  virtual void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) = 0;
};

}  // namespace evenkeel::coordinator
