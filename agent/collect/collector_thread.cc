#include "agent/collect/collector_thread.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "common/log/log.h"

namespace evenkeel::agent {

CollectorThread::CollectorThread(Options options, const time::Clock& clock, Round round)
    : options_(std::move(options)), clock_(clock), round_(std::move(round)), thread_([this] { Run(); }) {}

CollectorThread::~CollectorThread() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  thread_.join();
}

void CollectorThread::Run() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  std::string told;  // the failure that was logged last: each is told when it comes, not while it lasts
  absl::MutexLock lock(&mutex_);
  while (!stop_) {
    running_ = true;
    began_ = clock_.Now();
    const absl::Time next = began_ + options_.interval;
    mutex_.Unlock();
    absl::Status status = round_();
    const std::string problem = status.ok() ? "" : std::string(status.message());
    if (problem != told) {
      told = problem;
      if (status.ok()) {
        log::Info("collecting again", {{"collector", options_.name}});
      } else {
        log::Warn("a collector cannot read all it should", {{"collector", options_.name}, {"cause", status}});
      }
    }
    mutex_.Lock();
    running_ = false;
    ++rounds_;
    failures_ += status.ok() ? 0 : 1;
    last_ = std::move(status);
    const absl::Duration wait = std::max(absl::ZeroDuration(), next - clock_.Now());
    mutex_.AwaitWithTimeout(absl::Condition(&stop_), wait);
  }
}

CollectorThread::Health CollectorThread::health() const {
  absl::MutexLock lock(&mutex_);
  return {.stalled = running_ && clock_.Now() - began_ > options_.deadline,
          .rounds = rounds_,
          .failures = failures_,
          .last = last_};
}

}  // namespace evenkeel::agent
