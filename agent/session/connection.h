#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/core/beat_pacer.h"
#include "agent/core/report_source.h"
#include "agent/session/channel.h"
#include "agent/session/session.h"
#include "evenkeel/v1/agent_session.grpc.pb.h"

namespace evenkeel::agent {

// One stream to one coordinator, from the connection to its end. Used by the session's thread only, which
// brings it the events of the completion queue and the time.
//
// At most one message is being written. What is written next, in this order: the hello, the goodbye, a beat
// that is due, an answer to a request, the fence's status, the first report (whole), a report of changes
// (behind a beat, so at most one a beat; what is urgent does not wait for the beat, at most each
// kUrgentInterval).
class Connection {
 public:
  // What a completion is about; it goes through the queue as the tag.
  enum class Event : intptr_t { kStarted = 1, kRead, kWritten, kFinished };

  // How long the coordinator may take for its welcome, the connection to it included.
  static constexpr absl::Duration kWelcomeTimeout = absl::Seconds(3);
  // How long it may take to close the stream after a goodbye.
  static constexpr absl::Duration kGoodbyeTimeout = absl::Milliseconds(500);
  // Answers that wait for the stream; beyond it the oldest go: the coordinator has stopped waiting for them.
  static constexpr size_t kMostAnswers = 64;
  // With it and the beats' own reports an agent stays below what the coordinator takes. Readings come each
  // second.
  static constexpr absl::Duration kUrgentInterval = absl::Milliseconds(250);

  // All references outlive the connection. Starts the call; its events come to `queue`.
  Connection(const SessionOptions& options, const Credentials& credentials, grpc::CompletionQueue& queue,
             ReportSource& reports, FencePort* fence, SessionCounters& counters, absl::Time now);

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // --- What the session's thread brings. ---
  void On(Event event, bool ok, absl::Time now);
  // Does what is due by time; called at least when due() has come.
  void Tick(absl::Time now);
  // The answer to a probe or a restart request.
  void Answer(v1::ConnectRequest answer, absl::Time now);
  void SayGoodbye(const std::string& reason, absl::Time now);

  // --- What it tells. ---
  // The next instant at which Tick has something to do.
  absl::Time due() const;
  // All events have come, and the stream has ended: the connection may be destroyed.
  bool over() const { return over_; }
  // Why it ended.
  const absl::Status& end() const { return end_; }
  // Since the welcome; zero when there was none.
  absl::Duration lasted(absl::Time now) const {
    return welcomed_ ? now - welcomed_at_ : absl::ZeroDuration();
  }
  // A probe that the coordinator asked for, once.
  std::optional<v1::ProbeRequest> TakeProbeRequest();
  // The same for a restart.
  std::optional<v1::RestartRequest> TakeRestartRequest();
  // Of the coordinator that welcomed us; 0 = none has.
  uint64_t epoch() const { return epoch_; }

 private:
  void Read();
  void Receive(absl::Time now);
  void OnWelcome(const v1::Welcome& welcome, absl::Time now);
  void WriteNext(absl::Time now);
  void WriteHello();
  void WriteBeat(absl::Time now);
  void WriteReport(ReportSource::Numbered report);
  void Write();
  void Abandon(absl::Status why);
  void FinishWhenIdle();

  const SessionOptions& options_;
  ReportSource& reports_;
  FencePort* const fence_;  // may be null
  SessionCounters& counters_;

  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AgentSessionService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::ConnectRequest, v1::ConnectResponse>> stream_;
  v1::ConnectRequest request_;
  v1::ConnectResponse response_;
  grpc::Status finish_status_;

  bool starting_ = true;
  bool reading_ = false;
  bool writing_ = false;
  bool broken_ = false;  // no more reads and writes; only the stream's status is still to come
  bool finishing_ = false;
  bool over_ = false;
  absl::Status end_;

  absl::Time give_up_at_;  // of the welcome, later of the goodbye
  bool hello_sent_ = false;
  bool welcomed_ = false;
  absl::Time welcomed_at_;
  std::optional<BeatPacer> pacer_;
  bool all_sent_ = false;         // the first report
  bool changes_allowed_ = false;  // a beat was sent since the last report
  absl::Time urgent_allowed_at_ = absl::InfinitePast();
  std::optional<std::string> goodbye_;
  bool goodbye_sent_ = false;
  uint64_t beats_written_ = 0;
  uint64_t epoch_ = 0;
  std::deque<v1::ConnectRequest> answers_;
  std::deque<v1::ProbeRequest> probe_requests_;
  std::deque<v1::RestartRequest> restart_requests_;
  // Reports that are not known to have arrived: their number and the sequence of the beat that follows them.
  std::deque<std::pair<uint64_t, uint64_t>> unconfirmed_;
  // By the boot clock: when the hello was sent, and each beat that is not confirmed yet, the latest
  // kMostSent.
  absl::Time hello_sent_at_;
  std::deque<std::pair<uint64_t, absl::Time>> beats_sent_at_;
};

}  // namespace evenkeel::agent
