// The thread of the sessions: drains the completion queue, watches the beats, keeps the register of who
// speaks for which node.
#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/server_builder.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <queue>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "common/log/limiter.h"
#include "coordinator/session/agent_sessions.h"
#include "coordinator/session/agent_stream.h"
#include "coordinator/session/beat_monitor.h"
#include "coordinator/session/mailbox.h"
#include "coordinator/session/session.h"

namespace evenkeel::coordinator {

class AgentSessions::Loop final : public SessionHost {
 public:
  Loop(const Options& options, AgentAuthenticator& authenticator, EventSink& events, ReportSink& reports,
       const time::Clock& clock);
  ~Loop() override;

  void RegisterWith(grpc::ServerBuilder& builder);
  void Start();
  void Stop();
  void Close();
  void Release(const ProbeNode& request);
  void Release(const SetBeats& request);
  void Release(const ReleasedAction& action);
  void Release(const SetFencing& request);
  void Release(const ConfirmGoodbye& request);
  void Release(const CloseSampling& request);
  const Figures& figures() const { return figures_; }

 private:
  enum class TimerKind { kHello, kIdentity, kLeaving, kEnding, kOverdue, kRestart };
  struct Timer {
    absl::Time at;
    uint64_t session_id;
    TimerKind kind;
    bool operator>(const Timer& other) const { return at > other.at; }
  };

  // ---- SessionHost ----
  absl::Time Now() override { return clock_.Now(); }
  const v1::ConnectRequest* Decode(const grpc::ByteBuffer& bytes) override;
  void OnAccepted(Session& session) override;
  void OnHello(Session& session, const AgentCredentials& credentials) override;
  void OnProven(Session& session) override;
  void OnBeat(Session& session, absl::Time now) override;
  void OnReport(Session& session, const v1::Report& report) override;
  void OnProbeAnswered(const ProbeAnswered& answer) override { Tell(answer); }
  void OnActionFinished(const ActionFinished& finished) override { Tell(finished); }
  void OnFencingReported(const FencingReported& report) override { Tell(report); }
  void OnRefused(Session& session, const absl::Status& status) override;
  void OnClosed(Session& session, bool goodbye, const std::string& reason) override;
  void OnLeaving(Session& session) override;
  void OnEnding(Session& session) override;
  void OnFinished(Session& session) override;

  void Run();
  // Handles what there is; returns whether there was anything.
  bool Drain();
  // Handles the next completion; false when none came until `deadline`.
  bool HandleNext(gpr_timespec deadline);
  void EmptyQueue();
  void Turn(absl::Time now);
  void RunTimers(absl::Time now);

  void Obey(IdentityFound found);
  void Obey(const ProbeNode& request);
  void Obey(const SetBeats& request);
  void Obey(const ReleasedAction& action);
  void Obey(const SetFencing& request);
  void Obey(const ConfirmGoodbye& request);
  void Obey(CloseSampling request);
  void Obey(const EndAll& request);
  void Obey(const CloseQueue& request);

  void AcceptAnother();
  void IdentifyNext();
  void SetTimer(Session& session, absl::Duration delay, TimerKind kind);
  Session* Find(uint64_t session_id);
  void Tell(Event event);
  void NoteIfAllEnded();

  const Options options_;
  AgentAuthenticator& authenticator_;
  EventSink& events_;
  ReportSink& reports_;
  const time::Clock& clock_;
  Figures figures_;
  const std::shared_ptr<Mailbox> mailbox_;  // shared with authentications that outlive us
  absl::Notification all_ended_;

  AgentStream::Service service_;
  std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  std::thread thread_;

  // ---- the thread's own ----
  struct Waiting {
    uint64_t session_id;
    AgentCredentials credentials;
  };
  bool stopping_ = false;
  bool closing_ = false;
  uint64_t last_id_ = 0;
  size_t accepted_ = 0;  // streams that are there and not finished
  absl::flat_hash_map<uint64_t, std::unique_ptr<Session>> sessions_;
  absl::btree_map<NodeKey, Session*> open_;
  absl::flat_hash_map<std::string, size_t> streams_by_connection_;
  std::deque<Waiting> waiting_;  // for their turn to be identified
  size_t identifying_ = 0;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  BeatMonitor monitor_;
  log::Limiter refusals_{absl::Seconds(10)};
  google::protobuf::Arena arena_;
};

}  // namespace evenkeel::coordinator
