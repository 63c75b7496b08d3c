#include "coordinator/session/session_loop.h"

#include <grpc/support/time.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/log/log.h"
#include "coordinator/core/own_health.h"
#include "coordinator/session/transport.h"

namespace evenkeel::coordinator {
namespace {

// After something was handled the thread rests this long, so that what comes meanwhile is handled in one go:
// thousands of beats a second then cost hundreds of wake-ups, and each beat is noticed a few milliseconds
// later.
constexpr absl::Duration kRest = absl::Milliseconds(4);
// What keeps coming for longer than this must wait while deadlines are looked at.
constexpr absl::Duration kLongestDrain = absl::Milliseconds(50);
// Time for the core to make a goodbye durable. No agent waits for longer.
constexpr absl::Duration kLeavingTime = absl::Seconds(1);
// Time for an agent to take note of its session's end.
constexpr absl::Duration kEndingTime = absl::Milliseconds(700);
constexpr absl::Duration kStopTime = absl::Seconds(1);
constexpr int kAccepting = 8;  // streams waited for at once

absl::Status Stopping() {
  return base::WithReason(absl::UnavailableError("the coordinator is stopping; connect again"), "STOPPING");
}

absl::Status TooManyStreams(absl::string_view where, size_t limit) {
  return base::WithReason(
      absl::ResourceExhaustedError(absl::StrCat("more than ", limit, " sessions on ", where)),
      "TOO_MANY_STREAMS");
}

ProbeAnswered ProbeNotSent(uint64_t probe_id) {
  return ProbeAnswered{probe_id, ProbeOutcome::kProberFailed, ProbeOutcome::kProberFailed,
                       ProbeOutcome::kProberFailed, absl::ZeroDuration()};
}

absl::string_view AddressOf(absl::string_view peer) {
  return peer.substr(0, peer.rfind(':'));
}

}  // namespace

AgentSessions::Loop::Loop(const Options& options, AgentAuthenticator& authenticator, EventSink& events,
                          ReportSink& reports, const time::Clock& clock)
    : options_(options),
      authenticator_(authenticator),
      events_(events),
      reports_(reports),
      clock_(clock),
      mailbox_(std::make_shared<Mailbox>()),
      monitor_({options.beat_interval, options.suspect_after, options.max_suspect_after}, clock.Now()) {}

AgentSessions::Loop::~Loop() {
  Close();
}

void AgentSessions::Loop::RegisterWith(grpc::ServerBuilder& builder) {
  EVENKEEL_CHECK(queue_ == nullptr) << "sessions are registered once";
  builder.RegisterService(&service_);
  queue_ = builder.AddCompletionQueue();
  ConfigureTransport(builder);
}

void AgentSessions::Loop::Start() {
  EVENKEEL_CHECK(queue_ != nullptr && !thread_.joinable()) << "sessions are started once, after RegisterWith";
  mailbox_->SetQueue(queue_.get());
  thread_ = std::thread([this] { Run(); });
}

void AgentSessions::Loop::Stop() {
  if (!thread_.joinable()) return;
  mailbox_->Post(EndAll{});
  all_ended_.WaitForNotificationWithTimeout(kStopTime);
}

void AgentSessions::Loop::Close() {
  if (queue_ == nullptr) return;
  if (thread_.joinable()) {
    mailbox_->Post(CloseQueue{});
    thread_.join();
  } else {
    EmptyQueue();
  }
  queue_.reset();
}

void AgentSessions::Loop::Release(const ProbeNode& request) {
  // Full: the probe is not answered, which the core takes for what it is.
  (void)mailbox_->TryPost(request);
}

void AgentSessions::Loop::Release(const SetBeats& request) {
  mailbox_->Post(request);
}

void AgentSessions::Loop::Release(const ReleasedAction& action) {
  mailbox_->Post(action);  // their number is bounded by the decisions that are open
}

void AgentSessions::Loop::Release(const SetFencing& request) {
  mailbox_->Post(request);
}

void AgentSessions::Loop::Release(const ConfirmGoodbye& request) {
  mailbox_->Post(request);
}

void AgentSessions::Loop::Release(const CloseSampling& request) {
  mailbox_->Post(request);  // a few a second and session: whoever asks does so by a clock of its own
}

// ---- the thread ----

void AgentSessions::Loop::Run() {
  for (int i = 0; i < kAccepting; ++i) AcceptAnother();
  for (;;) {
    for (Command& command : mailbox_->Take()) {
      std::visit([this](auto& asked) { Obey(std::move(asked)); }, command);
      if (closing_) {
        EmptyQueue();
        return;
      }
    }
    const bool some = Drain();
    const absl::Time now = clock_.Now();
    RunTimers(now);
    Turn(now);
    if (some) {
      mailbox_->Rest(kRest);
    } else {
      absl::Time until = monitor_.NextTurn();
      if (!timers_.empty()) until = std::min(until, timers_.top().at);
      const auto wait = gpr_time_from_micros(absl::ToInt64Microseconds(until - now) + 1, GPR_TIMESPAN);
      (void)HandleNext(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), wait));
    }
  }
}

void AgentSessions::Loop::EmptyQueue() {
  mailbox_->SetQueue(nullptr);
  queue_->Shutdown();
  // What still comes back is taken off and not looked at: it would begin another operation.
  void* tag = nullptr;
  bool ok = false;
  while (queue_->Next(&tag, &ok)) {
  }
}

bool AgentSessions::Loop::Drain() {
  const absl::Time end = clock_.Now() + kLongestDrain;
  bool some = false;
  // One empty answer ends it, although it may hide more: a call that does not wait moves one connection at
  // most, and gives nothing back where that was half a message. What is left is moved meanwhile by gRPC's own
  // threads, or by the wait that follows. To ask again costs a system call each time that one of those
  // threads polls just now; sixteen times were a third of the CPU time of a beat.
  for (int handled = 1; HandleNext(gpr_inf_past(GPR_CLOCK_MONOTONIC)); ++handled) {
    some = true;
    if (handled % 64 == 0 && clock_.Now() > end) break;
  }
  return some;
}

bool AgentSessions::Loop::HandleNext(gpr_timespec deadline) {
  void* tag = nullptr;
  bool ok = false;
  if (queue_->AsyncNext(&tag, &ok, deadline) != grpc::CompletionQueue::GOT_EVENT) return false;
  if (tag == mailbox_.get()) {
    mailbox_->OnWoken();
  } else {
    AgentStream::Complete(*static_cast<AgentStream::Tag*>(tag), ok);
  }
  return true;
}

void AgentSessions::Loop::Turn(absl::Time now) {
  const BeatMonitor::TurnResult result = monitor_.Turn(now);
  if (result.anew) {
    ++figures_.late_turns;
    log::Warn("the sessions' thread was away; all beat deadlines start anew (L2)", {{"late", result.late}});
  }
  if (DelayPoints(DelaySource::kSessions, result.late) > 0) {
    Tell(OwnDelay{.source = DelaySource::kSessions, .delay = result.late});
  }
  for (const auto& [id, bound] : result.overdue) {
    Session* session = Find(id);
    EVENKEEL_CHECK(session != nullptr) << "session " << id << " is watched and does not exist";
    ++figures_.overdue;
    log::Info("beats are missing", {{"cluster", session->node().cluster},
                                    {"node", session->node().node},
                                    {"silent", now - session->last_beat().received()},
                                    {"bound", bound}});
    Tell(BeatMissed{session->node(), id, session->last_beat().received(), session->last_beat().node_time_ms(),
                    bound});
    SetTimer(*session, options_.end_overdue_after, TimerKind::kOverdue);
  }
}

void AgentSessions::Loop::RunTimers(absl::Time now) {
  while (!timers_.empty() && timers_.top().at <= now) {
    const Timer timer = timers_.top();
    timers_.pop();
    Session* session = Find(timer.session_id);
    if (session == nullptr) continue;
    switch (timer.kind) {
      case TimerKind::kHello:
        if (session->phase() != Session::Phase::kAwaitingHello) break;
        session->Refuse(
            base::WithReason(absl::DeadlineExceededError(absl::StrCat(
                                 "no hello within ", absl::FormatDuration(options_.hello_timeout))),
                             "HELLO_MISSING"));
        break;
      case TimerKind::kIdentity:
        if (session->phase() != Session::Phase::kAwaitingIdentity) break;
        session->Refuse(
            base::WithReason(absl::UnavailableError("the identity could not be checked in time; try again"),
                             "IDENTITY_NOT_CHECKED"));
        break;
      case TimerKind::kLeaving:
        if (session->phase() != Session::Phase::kLeaving) break;
        session->Refuse(base::WithReason(
            absl::UnavailableError("the goodbye could not be made durable in time"), "GOODBYE_NOT_KEPT"));
        break;
      case TimerKind::kEnding:
        session->Cancel();
        break;
      case TimerKind::kRestart:
        session->ForgetRestart(now);
        break;
      case TimerKind::kOverdue:
        if (session->phase() != Session::Phase::kOpen) break;
        if (now - session->last_beat().received() < options_.end_overdue_after) break;
        session->Refuse(
            base::WithReason(absl::DeadlineExceededError(absl::StrCat(
                                 "no beat for ", absl::FormatDuration(options_.end_overdue_after))),
                             "BEATS_MISSING"));
        break;
    }
  }
}

// ---- what others ask ----

void AgentSessions::Loop::Obey(IdentityFound found) {
  --identifying_;
  IdentifyNext();
  if (Session* session = Find(found.session_id); session != nullptr) session->Identified(found.identity);
}

void AgentSessions::Loop::Obey(const ProbeNode& request) {
  const auto found = open_.find(request.witness);
  const bool sent = found != open_.end() && found->second->id() == request.session_id &&
                    found->second->Probe(request, clock_.Now());
  if (!sent) Tell(ProbeNotSent(request.probe_id));
}

void AgentSessions::Loop::Obey(const SetBeats& request) {
  const BeatMonitor::Settings settings{request.interval, request.suspect_after, request.max_suspect_after,
                                       request.patience_percent};
  const bool other_interval = monitor_.Set(request.cluster, settings, clock_.Now());
  log::Info("beats are set", {{"cluster", request.cluster},
                              {"interval", request.interval},
                              {"suspect_after", request.suspect_after},
                              {"max_suspect_after", request.max_suspect_after},
                              {"patience_percent", request.patience_percent}});
  if (!other_interval) return;
  for (auto at = open_.lower_bound(NodeKey{request.cluster, ""}); at != open_.end(); ++at) {
    if (at->first.cluster != request.cluster) break;
    at->second->Welcome(options_.epoch, request.interval);
  }
}

void AgentSessions::Loop::Obey(const ReleasedAction& action) {
  const auto found = open_.find(NodeKey{action.cluster, action.action.name});
  if (found == open_.end() || !found->second->Restart(action, options_.epoch)) {
    Tell(ActionFinished{action.decision, action.action.number, ActionOutcome::kUnreachable,
                        "the node's agent has no session that could take the request",
                        action.action.attempts});
    return;
  }
  log::Info("restart requested", {{"cluster", action.cluster},
                                  {"node", action.action.name},
                                  {"decision", action.decision.ToString()},
                                  {"number", action.action.number}});
  SetTimer(*found->second, Session::kRestartTime, TimerKind::kRestart);
}

void AgentSessions::Loop::Obey(const SetFencing& request) {
  const auto found = open_.find(request.node);
  // A session that is over needs no settings: the core sends them to its successor.
  if (found == open_.end() || found->second->id() != request.session_id) return;
  found->second->SetFencing(request.settings);
}

void AgentSessions::Loop::Obey(const ConfirmGoodbye& request) {
  if (Session* session = Find(request.session_id); session != nullptr) session->GoodbyeConfirmed();
}

void AgentSessions::Loop::Obey(CloseSampling request) {
  const auto found = open_.find(request.node);
  // Its successor is asked by whoever hears of it.
  if (found == open_.end() || found->second->id() != request.session_id) return;
  found->second->SampleClosely(std::move(request.pod_uids));
}

void AgentSessions::Loop::Obey(const EndAll&) {
  if (stopping_) return;
  stopping_ = true;
  std::vector<Session*> all;
  for (const auto& [id, session] : sessions_) {
    if (session->phase() != Session::Phase::kUnaccepted) all.push_back(session.get());
  }
  for (Session* session : all) session->Refuse(Stopping());
  NoteIfAllEnded();
}

void AgentSessions::Loop::Obey(const CloseQueue&) {
  closing_ = true;
}

// ---- what the sessions tell ----

const v1::ConnectRequest* AgentSessions::Loop::Decode(const grpc::ByteBuffer& bytes) {
  arena_.Reset();
  auto* request = google::protobuf::Arena::CreateMessage<v1::ConnectRequest>(&arena_);
  // A beat is one slice and need not be copied.
  if (grpc::Slice slice; bytes.TrySingleSlice(&slice).ok()) {
    return request->ParseFromArray(slice.begin(), static_cast<int>(slice.size())) ? request : nullptr;
  }
  grpc::ByteBuffer copy(bytes);
  grpc::ProtoBufferReader reader(&copy);
  return request->ParseFromZeroCopyStream(&reader) ? request : nullptr;
}

void AgentSessions::Loop::OnAccepted(Session& session) {
  AcceptAnother();
  ++accepted_;
  size_t& streams = streams_by_connection_[session.peer()];
  ++streams;
  if (stopping_) {
    session.Refuse(Stopping());
  } else if (accepted_ > options_.max_streams) {
    session.Refuse(TooManyStreams("this coordinator", options_.max_streams));
  } else if (streams > options_.max_streams_per_connection) {
    session.Refuse(TooManyStreams("one connection", options_.max_streams_per_connection));
  } else {
    SetTimer(session, options_.hello_timeout, TimerKind::kHello);
  }
}

void AgentSessions::Loop::OnHello(Session& session, const AgentCredentials& credentials) {
  SetTimer(session, options_.identity_timeout, TimerKind::kIdentity);
  waiting_.push_back(Waiting{session.id(), credentials});
  IdentifyNext();
}

void AgentSessions::Loop::IdentifyNext() {
  while (identifying_ < options_.max_authentications && !waiting_.empty()) {
    const Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    if (Find(next.session_id) == nullptr) continue;
    ++identifying_;
    authenticator_.Authenticate(
        next.credentials, options_.identity_timeout,
        [mailbox = mailbox_, id = next.session_id](absl::StatusOr<AgentIdentity> identity) {
          mailbox->Post(IdentityFound{id, std::move(identity)});
        });
  }
}

void AgentSessions::Loop::OnProven(Session& session) {
  const auto [place, is_new] = open_.try_emplace(session.node(), &session);
  if (!is_new) {
    Session* older = std::exchange(place->second, &session);
    older->Refuse(base::WithReason(absl::AbortedError("another session of the same node took its place"),
                                   "SESSION_REPLACED"));
  }
  const BeatMonitor::Settings settings = monitor_.SettingsOf(session.node().cluster);
  session.Open(options_.epoch, settings.interval,
               monitor_.Watch(session.node().cluster, session.id(), clock_.Now()));
  ++figures_.opened;
  figures_.sessions = open_.size();
  const SessionDescription description = session.Describe();
  log::Info("session opened", {{"cluster", session.node().cluster},
                               {"node", session.node().node},
                               {"session", session.id()},
                               {"peer", session.peer()},
                               {"proof", session.proof()},
                               {"agent_version", description.agent_version}});
  if (stopping_) return;
  reports_.OnSessionOpened(session.node(), description);
  Tell(SessionOpened{session.node(), session.id(), description.boot_id, description.agent_version,
                     description.agent_port, session.pod()});
}

void AgentSessions::Loop::OnBeat(Session& session, absl::Time now) {
  figures_.beats.fetch_add(1, std::memory_order_relaxed);
  if (!monitor_.Beat(session.watched(), now)) return;
  log::Info("beats are back", {{"cluster", session.node().cluster}, {"node", session.node().node}});
  Tell(BeatResumed{session.node(), session.id()});
}

void AgentSessions::Loop::OnReport(Session& session, const v1::Report& report) {
  figures_.reports.fetch_add(1, std::memory_order_relaxed);
  if (stopping_) return;
  reports_.OnReport(session.node(), session.id(), report);
  if (auto health = session.health().Read(report, clock_.Now())) {
    Tell(NodeHealthChanged{session.node(), session.id(), std::move(health->symptoms), health->all_known});
  }
}

void AgentSessions::Loop::OnRefused(Session& session, const absl::Status& status) {
  if (stopping_) return;
  ++figures_.refused;
  const auto suppressed = refusals_.Admit(AddressOf(session.peer()), clock_.Now());
  if (!suppressed.has_value()) return;
  log::Warn("session refused", {{"cluster", session.node().cluster},
                                {"node", session.node().node},
                                {"peer", session.peer()},
                                {"reason", base::Detail(status, base::kReasonKey).value_or("")},
                                {"cause", status},
                                {"suppressed", *suppressed}});
}

void AgentSessions::Loop::OnClosed(Session& session, bool goodbye, const std::string& reason) {
  monitor_.Forget(session.watched());
  const auto place = open_.find(session.node());
  const bool replaced = place == open_.end() || place->second != &session;
  if (!replaced) open_.erase(place);
  figures_.sessions = open_.size();
  log::Info("session closed", {{"cluster", session.node().cluster},
                               {"node", session.node().node},
                               {"session", session.id()},
                               {"goodbye", goodbye},
                               {"reason", reason}});
  if (stopping_) return;
  reports_.OnSessionClosed(session.node(), session.id(), reason);
  // To the core a session that was replaced is no loss: SessionOpened follows.
  if (replaced) return;
  Tell(SessionClosed{session.node(), session.id(), goodbye, reason, session.last_beat().received(),
                     session.last_beat().node_time_ms()});
}

void AgentSessions::Loop::OnLeaving(Session& session) {
  SetTimer(session, kLeavingTime, TimerKind::kLeaving);
}

void AgentSessions::Loop::OnEnding(Session& session) {
  SetTimer(session, kEndingTime, TimerKind::kEnding);
}

void AgentSessions::Loop::OnFinished(Session& session) {
  if (session.phase() != Session::Phase::kUnaccepted) {
    --accepted_;
    const auto streams = streams_by_connection_.find(session.peer());
    if (--streams->second == 0) streams_by_connection_.erase(streams);
  }
  sessions_.erase(session.id());
  NoteIfAllEnded();
}

// ---- small things ----

void AgentSessions::Loop::AcceptAnother() {
  const uint64_t id = ++last_id_;
  std::unique_ptr<Session>& session = sessions_[id];
  session = std::make_unique<Session>(*this, id, clock_.Now());
  session->Accept(service_, *queue_);
}

void AgentSessions::Loop::SetTimer(Session& session, absl::Duration delay, TimerKind kind) {
  timers_.push(Timer{clock_.Now() + delay, session.id(), kind});
}

Session* AgentSessions::Loop::Find(uint64_t session_id) {
  const auto found = sessions_.find(session_id);
  return found == sessions_.end() ? nullptr : found->second.get();
}

void AgentSessions::Loop::Tell(Event event) {
  if (!stopping_) (void)events_.Post(std::move(event));
}

void AgentSessions::Loop::NoteIfAllEnded() {
  if (stopping_ && accepted_ == 0 && !all_ended_.HasBeenNotified()) all_ended_.Notify();
}

}  // namespace evenkeel::coordinator
