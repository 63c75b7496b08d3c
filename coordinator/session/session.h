// One agent's session: the protocol of proto/evenkeel/v1/agent_session.proto on one stream.
//
//   accepted -> hello -> identity proven and agreeing with the hello -> open [-> leaving] -> ended
//
// It is leaving from the agent's goodbye until the core has made that durable.
//
// Before it is open nothing but the hello is read. While open, memory is bounded whatever the agent does: one
// message being read, one being written, and what waits to be written is the latest welcome, the latest
// fencing settings, the latest wish whom to sample closely, the latest acknowledgement, at most kMaxProbes
// probe requests and kMaxRestarts restarts.
//
// Threading: the sessions' thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/session/agent_stream.h"
#include "coordinator/session/authenticator.h"
#include "coordinator/session/beat_monitor.h"
#include "coordinator/session/health_reader.h"
#include "coordinator/session/rate_bound.h"
#include "coordinator/session/report_sink.h"

namespace evenkeel::coordinator {

class Session;

// What a session asks of the room it lives in.
class SessionHost {
 public:
  virtual ~SessionHost() = default;
  virtual absl::Time Now() = 0;
  // Decodes into a message that all sessions share; valid until the next call. Null: not a ConnectRequest.
  virtual const v1::ConnectRequest* Decode(const grpc::ByteBuffer& bytes) = 0;

  virtual void OnAccepted(Session& session) = 0;
  // The hello is well-formed: find out who this is, and answer with Session::Identified.
  virtual void OnHello(Session& session, const AgentCredentials& credentials) = 0;
  // The hello is proven: the session is in the state it needs to be opened with Session::Open.
  virtual void OnProven(Session& session) = 0;
  virtual void OnBeat(Session& session, absl::Time now) = 0;
  virtual void OnReport(Session& session, const v1::Report& report) = 0;
  virtual void OnProbeAnswered(const ProbeAnswered& answer) = 0;
  // A released action of the node's own agent came to an end, or cannot any more.
  virtual void OnActionFinished(const ActionFinished& finished) = 0;
  virtual void OnFencingReported(const FencingReported& report) = 0;
  // The session is refused or broken off with `status`, which goes to the agent too.
  virtual void OnRefused(Session& session, const absl::Status& status) = 0;
  // An open session is so no more.
  virtual void OnClosed(Session& session, bool goodbye, const std::string& reason) = 0;
  // The agent has said goodbye, OnClosed was called: answer with Session::GoodbyeConfirmed.
  virtual void OnLeaving(Session& session) = 0;
  // It ends; it must not take longer than the host allows.
  virtual void OnEnding(Session& session) = 0;
  // Gone; the host may destroy it within this call.
  virtual void OnFinished(Session& session) = 0;
};

class Session final : private AgentStream::Listener {
 public:
  enum class Phase { kUnaccepted, kAwaitingHello, kAwaitingIdentity, kOpen, kLeaving, kEnding };

  static constexpr size_t kMaxMessageBytes = 1 << 20;
  static constexpr size_t kMaxHelloBytes = 4096;
  static constexpr size_t kMaxProbes = 32;   // under way at one agent
  static constexpr size_t kMaxRestarts = 4;  // the same
  // For an agent's answer to a restart request: its own time for the host, and the way there and back.
  static constexpr absl::Duration kRestartTime = absl::Seconds(15);
  static constexpr float kMessagesPerSecond = 100;  // five times the fastest beat
  static constexpr float kMessageBurst = 500;
  static constexpr float kReportsPerSecond = 10;
  static constexpr float kReportBurst = 50;
  // Each is the answer to settings of ours, or news that an agent has once in a turn of 100 ms.
  static constexpr float kFencingStatusesPerSecond = 20;
  static constexpr float kFencingStatusBurst = 200;
  static constexpr uint64_t kBeatsPerAcknowledgement = 10;

  // `id` is this stream's, and the session's if it comes to one.
  Session(SessionHost& host, uint64_t id, absl::Time now);

  void Accept(AgentStream::Service& service, grpc::ServerCompletionQueue& queue) {
    stream_.Accept(service, queue);
  }

  // Answers OnHello.
  void Identified(const absl::StatusOr<AgentIdentity>& identity);
  // Answers OnProven. `watched` stays the host's.
  void Open(uint64_t epoch, absl::Duration beat_interval, BeatMonitor::Watched* watched);

  void Welcome(uint64_t epoch, absl::Duration beat_interval);
  // The latest settings are what is sent, should several come before there is room.
  void SetFencing(FencingSettings settings);
  // The same of the pods whose CPU is wanted closely; kMostCloselySampled of them are sent.
  void SampleClosely(std::vector<std::string> pod_uids);
  // False: too many are under way, or the session is not open.
  bool Probe(const ProbeNode& request, absl::Time now);

  // Has the agent ask its host for the restart that `action` stands for. False: too many are under way, or
  // the session is not open. Answered by OnActionFinished, at the latest when the session ends or in
  // ForgetRestart.
  bool Restart(const ReleasedAction& action, uint64_t epoch);
  // The agent has had its time: if it has not answered, that is told.
  void ForgetRestart(absl::Time now);

  // What the node's reports say of its health.
  HealthReader& health() { return health_; }
  // Answers OnLeaving; nothing happens when the session does not wait for it.
  void GoodbyeConfirmed();

  // Ends the session with `status` and says why; Refuse: by the agent's own fault, or by ours when it is
  // UNAVAILABLE.
  void Refuse(const absl::Status& status);
  // Ends it without waiting for the agent to read what was written.
  void Cancel() { stream_.Cancel(); }

  uint64_t id() const { return id_; }
  Phase phase() const { return phase_; }
  const NodeKey& node() const { return node_; }  // what the hello claims; proven once OnProven is called
  const std::string& peer() const { return peer_; }
  const std::string& proof() const { return proof_; }
  const std::string& pod() const { return pod_; }  // as AgentIdentity has it
  BeatMonitor::Watched* watched() const { return watched_; }
  const LastBeat& last_beat() const { return *last_beat_; }
  SessionDescription Describe() const;

 private:
  struct OutstandingProbe {
    uint64_t id;
    absl::Time forget;
  };

  struct OutstandingRestart {
    ReleasedAction action;
    std::string request_id;
    absl::Time forget;
  };

  void OnAccepted() override;
  void OnMessage(const grpc::ByteBuffer& bytes) override;
  void OnReadEnd() override;
  void OnWritten() override;
  void OnFinished() override;

  // Each returns why the session must end, or OK to go on reading.
  absl::Status Take(const grpc::ByteBuffer& bytes, absl::Time now);
  absl::Status TakeHello(const v1::ConnectRequest& request);
  absl::Status TakeBeat(const v1::Beat& beat, absl::Time now);
  absl::Status TakeReport(const v1::Report& report, absl::Time now);
  absl::Status TakeProbeAnswer(const v1::ProbeAnswer& answer);
  absl::Status TakeRestartAnswer(const v1::RestartAnswer& answer);
  absl::Status TakeFencingStatus(const v1::FencingStatus& status);

  AgentCredentials Credentials() const;
  void WriteNext();
  void Close(bool goodbye, const std::string& reason);
  void End(const absl::Status& status, const std::string& reason);

  SessionHost& host_;
  const uint64_t id_;
  Phase phase_ = Phase::kUnaccepted;
  AgentStream stream_;
  NodeKey node_;
  std::string peer_;
  std::string proof_;
  std::string pod_;
  std::string agent_version_;
  std::string boot_id_;
  uint16_t agent_port_ = 0;
  absl::Time opened_;

  RateBound messages_;
  RateBound reports_;
  RateBound fencing_statuses_;
  BeatMonitor::Watched* watched_ = nullptr;
  std::shared_ptr<LastBeat> last_beat_;
  uint64_t last_sequence_ = 0;
  uint64_t beats_ = 0;
  bool reported_ = false;

  bool welcome_waits_ = false;
  uint64_t epoch_ = 0;
  absl::Duration beat_interval_;
  std::optional<FencingSettings> fencing_waits_;
  std::optional<std::vector<std::string>> close_sampling_waits_;
  bool acknowledgement_waits_ = false;
  std::deque<ProbeNode> probes_waiting_;
  std::vector<OutstandingProbe> probes_;
  std::deque<v1::RestartRequest> restarts_waiting_;
  std::vector<OutstandingRestart> restarts_;
  HealthReader health_;
};

}  // namespace evenkeel::coordinator
