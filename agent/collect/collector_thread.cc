#include "agent/collect/collector_thread.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "common/log/log.h"

namespace evenkeel::agent {

CollectorThread::CollectorThread(Options options, const time::Clock& clock, Round round)
    : options_(std::move(options)), clock_(clock), shared_(std::make_shared<Shared>()) {
  thread_ = std::thread([options = options_, &clock, round = std::move(round), shared = shared_] {
    Run(options, clock, round, *shared);
  });
}

CollectorThread::~CollectorThread() {
  {
    absl::MutexLock lock(&shared_->mutex);
    shared_->stop = true;
    shared_->mutex.AwaitWithTimeout(absl::Condition(&shared_->ended), options_.deadline);
    if (!shared_->ended) {
      log::Warn("a collector hangs in the kernel; leaving it behind", {{"collector", options_.name}});
      thread_.detach();
      return;
    }
  }
  thread_.join();
}

void CollectorThread::Run(const Options& options, const time::Clock& clock, const Round& round,
                          Shared& shared) {
  pthread_setname_np(pthread_self(), options.name.substr(0, 15).c_str());
  std::string told;  // the failure that was logged last: each is told when it comes, not while it lasts
  absl::MutexLock lock(&shared.mutex);
  while (!shared.stop) {
    shared.running = true;
    shared.began = clock.Now();
    const absl::Time next = shared.began + options.interval;
    shared.mutex.Unlock();
    absl::Status status = round();
    const std::string problem = status.ok() ? "" : std::string(status.message());
    if (problem != told) {
      told = problem;
      if (status.ok()) {
        log::Info("collecting again", {{"collector", options.name}});
      } else {
        log::Warn("a collector cannot read all it should", {{"collector", options.name}, {"cause", status}});
      }
    }
    shared.mutex.Lock();
    shared.running = false;
    ++shared.rounds;
    shared.failures += status.ok() ? 0 : 1;
    shared.last = std::move(status);
    const absl::Duration wait = std::max(absl::ZeroDuration(), next - clock.Now());
    shared.mutex.AwaitWithTimeout(absl::Condition(&shared.stop), wait);
  }
  shared.ended = true;
}

CollectorThread::Health CollectorThread::health() const {
  absl::MutexLock lock(&shared_->mutex);
  return {.stalled = shared_->running && clock_.Now() - shared_->began > options_.deadline,
          .rounds = shared_->rounds,
          .failures = shared_->failures,
          .last = shared_->last};
}

}  // namespace evenkeel::agent
