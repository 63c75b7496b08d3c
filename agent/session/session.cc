#include "agent/session/session.h"

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>
#include <pthread.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "agent/core/reconnect.h"
#include "agent/session/channel.h"
#include "agent/session/connection.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/log/limiter.h"
#include "common/log/log.h"

namespace evenkeel::agent {
namespace {

// The tag of a wake-up from another thread; Connection's events are other numbers.
constexpr intptr_t kWakeTag = 100;

// A wait as the completion queue takes it: by the monotonic clock, never in the past.
gpr_timespec WaitUntil(absl::Time due, absl::Time now) {
  if (due == absl::InfiniteFuture()) {
    return gpr_inf_future(GPR_CLOCK_MONOTONIC);
  }
  const absl::Duration wait = std::max(absl::ZeroDuration(), due - now);
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(absl::ToInt64Nanoseconds(wait), GPR_TIMESPAN));
}

}  // namespace

// What runs on the session's thread.
class Session::Loop {
 public:
  Loop(SessionOptions options, ReportSource& reports, Prober& prober, Restarter& restarter,
       const time::Clock& clock, FencePort* fence)
      : options_(std::move(options)),
        reports_(reports),
        prober_(prober),
        restarter_(restarter),
        clock_(clock),
        fence_(fence),
        reconnect_(options_.coordinators.size()),
        mailbox_(std::make_shared<Mailbox>()) {}

  void Run() {
    pthread_setname_np(pthread_self(), "session");
    reports_.WakeOnUrgentNews([this] { mailbox_->Nudge(queue_); });
    while (!stopping_) {
      const std::string& coordinator = options_.coordinators[reconnect_.coordinator()];
      const absl::Duration lasted = RunConnection(coordinator);
      if (!stopping_) {
        const absl::Time again = clock_.Now() + reconnect_.Ended(lasted, base::RandomUnit());
        while (!stopping_ && clock_.Now() < again) {
          Next(again, nullptr);
        }
      }
    }
    reports_.WakeOnUrgentNews(nullptr);
    mailbox_->Close();
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

  // Any thread.
  void Stop(const std::string& reason) { mailbox_->Stop(queue_, reason); }
  const SessionCounters& counters() const { return counters_; }

 private:
  // What other threads hand to the session's. It outlives the session, since a probe may end after it.
  class Mailbox {
   public:
    void Post(grpc::CompletionQueue& queue, v1::ConnectRequest answer) {
      absl::MutexLock lock(&mutex_);
      if (!closed_ && answers_.size() < Connection::kMostAnswers) {
        answers_.push_back(std::move(answer));
        Wake(queue);
      }
    }
    void Stop(grpc::CompletionQueue& queue, const std::string& reason) {
      absl::MutexLock lock(&mutex_);
      if (!closed_ && !stop_) {
        stop_ = reason;
        Wake(queue);
      }
    }
    // There is something to be looked at, elsewhere.
    void Nudge(grpc::CompletionQueue& queue) {
      absl::MutexLock lock(&mutex_);
      if (!closed_) {
        Wake(queue);
      }
    }
    // After it nothing touches the queue any more.
    void Close() {
      absl::MutexLock lock(&mutex_);
      closed_ = true;
    }
    // On a wake-up: what was handed over since the one before.
    std::pair<std::vector<v1::ConnectRequest>, std::optional<std::string>> Take() {
      absl::MutexLock lock(&mutex_);
      awake_ = false;
      return {std::exchange(answers_, {}), stop_};
    }

   private:
    void Wake(grpc::CompletionQueue& queue) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      if (!awake_) {
        awake_ = true;
        alarm_.Set(&queue, gpr_now(GPR_CLOCK_MONOTONIC), reinterpret_cast<void*>(kWakeTag));
      }
    }

    absl::Mutex mutex_;
    grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
    bool awake_ ABSL_GUARDED_BY(mutex_) = false;  // the alarm is set and its tag was not taken yet
    bool closed_ ABSL_GUARDED_BY(mutex_) = false;
    std::vector<v1::ConnectRequest> answers_ ABSL_GUARDED_BY(mutex_);
    std::optional<std::string> stop_ ABSL_GUARDED_BY(mutex_);
  };

  // Connects, and serves the stream until its end. Returns how long it lasted after the welcome.
  absl::Duration RunConnection(const std::string& coordinator) {
    const auto credentials = MakeChannel(options_, coordinator);
    if (!credentials.ok()) {
      NoteFailure(coordinator, credentials.status());
      return absl::ZeroDuration();
    }
    Connection connection(options_, *credentials, queue_, reports_, fence_, counters_, clock_.Now());
    bool announced = false;
    while (!connection.over()) {
      Next(connection.due(), &connection);
      connection.Tick(clock_.Now());
      while (auto request = connection.TakeProbeRequest()) {
        // The queue outlives every post: the mailbox is closed before it.
        prober_.Probe(*request, [mailbox = mailbox_, queue = &queue_](v1::ProbeAnswer answer) {
          v1::ConnectRequest message;
          *message.mutable_probe_answer() = std::move(answer);
          mailbox->Post(*queue, std::move(message));
        });
      }
      restarter_.NoteEpoch(connection.epoch());
      while (auto request = connection.TakeRestartRequest()) {
        restarter_.Restart(*request, [mailbox = mailbox_, queue = &queue_](v1::RestartAnswer answer) {
          v1::ConnectRequest message;
          *message.mutable_restart_answer() = std::move(answer);
          mailbox->Post(*queue, std::move(message));
        });
      }
      if (!announced && counters_.connected.load(std::memory_order_relaxed)) {
        announced = true;
        log::Info("reporting to the coordinator", {{"coordinator", coordinator}});
      }
    }
    const absl::Duration lasted = connection.lasted(clock_.Now());
    if (!stopping_) {
      NoteFailure(coordinator, connection.end());
    }
    return lasted;
  }

  // Waits for one event, at most until `due`, and hands it on. `connection` may be null.
  void Next(absl::Time due, Connection* connection) {
    void* tag = nullptr;
    bool ok = false;
    if (queue_.AsyncNext(&tag, &ok, WaitUntil(due, clock_.Now())) != grpc::CompletionQueue::GOT_EVENT) {
      return;
    }
    if (reinterpret_cast<intptr_t>(tag) != kWakeTag) {
      EVENKEEL_CHECK(connection != nullptr) << "an event of a connection that is over";
      connection->On(static_cast<Connection::Event>(reinterpret_cast<intptr_t>(tag)), ok, clock_.Now());
      return;
    }
    auto [answers, stop] = mailbox_->Take();
    if (connection != nullptr) {
      for (v1::ConnectRequest& answer : answers) {
        connection->Answer(std::move(answer), clock_.Now());
      }
    }
    if (stop && !stopping_) {
      stopping_ = true;
      if (connection != nullptr) {
        connection->SayGoodbye(*stop, clock_.Now());
      }
    }
  }

  void NoteFailure(const std::string& coordinator, const absl::Status& status) {
    counters_.failures.fetch_add(1, std::memory_order_relaxed);
    if (const auto suppressed = limiter_.Admit(coordinator, clock_.Now())) {
      log::Warn("no session with the coordinator; trying again",
                {{"coordinator", coordinator},
                 {"cause", status.ok() ? absl::UnavailableError("the coordinator ended the stream") : status},
                 {"suppressed", *suppressed}});
    }
  }

  const SessionOptions options_;
  ReportSource& reports_;
  Prober& prober_;
  Restarter& restarter_;
  const time::Clock& clock_;
  FencePort* const fence_;
  Reconnect reconnect_;
  std::shared_ptr<Mailbox> mailbox_;
  grpc::CompletionQueue queue_;
  SessionCounters counters_;
  log::Limiter limiter_{absl::Seconds(10)};
  bool stopping_ = false;
};

Session::Session(SessionOptions options, ReportSource& reports, Prober& prober, Restarter& restarter,
                 const time::Clock& clock, FencePort* fence)
    : loop_(std::make_unique<Loop>(std::move(options), reports, prober, restarter, clock, fence)),
      thread_([this] { loop_->Run(); }) {}

Session::~Session() {
  Stop("stopping");
}

void Session::Stop(const std::string& reason) {
  if (thread_.joinable()) {
    loop_->Stop(reason);
    thread_.join();
  }
}

const SessionCounters& Session::counters() const {
  return loop_->counters();
}

}  // namespace evenkeel::agent
