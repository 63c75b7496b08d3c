// The coordinator's side of the agents' sessions: AgentSessionService on one thread and one completion queue.
//
// Use: RegisterWith the server's builder, BuildAndStart, Start; at the end Stop, Server::Shutdown, destroy.
// Other services may share the server.
//
// What it tells: SessionOpened, SessionClosed, BeatMissed, BeatResumed, ProbeAnswered, NodeHealthChanged, the
// ActionFinished of restarts and its own delays to the core's queue; reports to the fleet view. A session
// that takes another's place is told as SessionOpened alone. After Stop nothing is told, so that our own end
// accuses nobody.
//
// Beats cost no lock that others hold, no queue and no disk. What came within a few milliseconds is handled
// in one go.
//
// Bounds: streams in all, streams a connection, authentications under way, the time for hello and identity,
// size and rate of messages, probes under way. What is over a bound is refused by name (status with
// ErrorInfo) and logged, at most one line each ten seconds and address.
#pragma once

#include <grpcpp/server_builder.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/core/effects.h"
#include "coordinator/runtime/runtime.h"
#include "coordinator/session/authenticator.h"
#include "coordinator/session/close_sampling.h"
#include "coordinator/session/report_sink.h"

namespace evenkeel::coordinator {

class AgentSessions {
 public:
  struct Options {
    uint64_t epoch = 0;
    // For clusters that no SetBeats has named yet.
    absl::Duration beat_interval = absl::Seconds(1);
    absl::Duration suspect_after = absl::Seconds(3);
    absl::Duration max_suspect_after = absl::Seconds(9);

    size_t max_streams = 32768;
    size_t max_streams_per_connection = 4;
    size_t max_authentications = 64;  // under way; the others wait their turn
    absl::Duration hello_timeout = absl::Seconds(5);
    absl::Duration identity_timeout = absl::Seconds(10);  // waiting for the turn included
    // A session that has been overdue for so long is ended: its connection is not coming back.
    absl::Duration end_overdue_after = absl::Minutes(1);
  };

  // For /metrics. Read by any thread.
  struct Figures {
    std::atomic<uint64_t> sessions{0};  // open now
    std::atomic<uint64_t> opened{0};
    std::atomic<uint64_t> refused{0};
    std::atomic<uint64_t> beats{0};
    std::atomic<uint64_t> reports{0};
    std::atomic<uint64_t> overdue{0};     // BeatMissed told
    std::atomic<uint64_t> late_turns{0};  // times that all deadlines were set anew (L2)
  };

  // All must outlive this.
  AgentSessions(const Options& options, AgentAuthenticator& authenticator, EventSink& events,
                ReportSink& reports, const time::Clock& clock);
  // Closes; see there.
  ~AgentSessions();
  AgentSessions(const AgentSessions&) = delete;
  AgentSessions& operator=(const AgentSessions&) = delete;

  // Adds the service, its completion queue, and what the server must be told so that thousands of sessions
  // fit (receive limit, flow control, keepalive). Once.
  void RegisterWith(grpc::ServerBuilder& builder);

  // After BuildAndStart.
  void Start();

  // Ends all sessions with UNAVAILABLE, takes no more, and returns when all are gone, or after a second.
  // Idempotent.
  void Stop();

  // Takes back what the server still holds for sessions: its completions refer to the server, so this comes
  // after the server's Shutdown and before its end (or the server was never built). Ends the thread.
  // Idempotent.
  void Close();

  // From the runtime's loop (or any thread); never waits.
  void Release(const ProbeNode& request);
  void Release(const SetBeats& request);
  void Release(const SetFencing& request);
  void Release(const ConfirmGoodbye& request);
  void Release(const CloseSampling& request);
  // A restart of the kubelet or the runtime, which the node's own agent asks its host for. Answered by
  // ActionFinished: kDone when the host has taken it.
  void Release(const ReleasedAction& action);

  const Figures& figures() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace evenkeel::coordinator
