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
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  thread_.join();
}

void CollectorThread::Run() {
  pthread_setname_np(pthread_self(), options_.name.substr(0, 15).c_str());
  std::string told;  // the failure that was logged last: each is told when it comes, not while it lasts
  std::unique_lock lock(mutex_);
  while (!stop_) {
    running_ = true;
    began_ = clock_.Now();
    const absl::Time next = began_ + options_.interval;
    lock.unlock();
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
    lock.lock();
    running_ = false;
    ++rounds_;
    failures_ += status.ok() ? 0 : 1;
    last_ = std::move(status);
    const absl::Duration wait = std::max(absl::ZeroDuration(), next - clock_.Now());
    stopping_.wait_for(lock, absl::ToChronoNanoseconds(wait), [this] { return stop_; });
  }
}

CollectorThread::Health CollectorThread::health() const {
  const std::lock_guard lock(mutex_);
  return {.stalled = running_ && clock_.Now() - began_ > options_.deadline,
          .rounds = rounds_,
          .failures = failures_,
          .last = last_};
}

}  // namespace evenkeel::agent
