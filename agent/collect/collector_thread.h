#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// One collector with a thread of its own. What it reads can hang in the kernel where nothing can end it
// (storage above all), and then this thread hangs, and no other: not the beat, not the other collectors.
class CollectorThread {
 public:
  struct Options {
    std::string name;         // of the thread, at most 15 characters, and in metrics
    absl::Duration interval;  // from start to start; a round that took longer is followed by the next at once
    absl::Duration deadline;  // a round that takes longer is stalled
  };
  // Tells how it went, for metrics and logs.
  using Round = std::function<absl::Status()>;

  // Runs `round` now and then at each interval. `clock` outlives the thread.
  CollectorThread(Options options, const time::Clock& clock, Round round);
  // Waits for the round that runs, if it ends within `options.deadline`; otherwise it leaves the thread
  // behind, which is right only because the process is about to end.
  ~CollectorThread();

  CollectorThread(const CollectorThread&) = delete;
  CollectorThread& operator=(const CollectorThread&) = delete;

  struct Health {
    bool stalled = false;  // the round that runs is over its deadline
    uint64_t rounds = 0;
    uint64_t failures = 0;
    absl::Status last;
  };
  // Any thread.
  Health health() const;
  const std::string& name() const { return options_.name; }

 private:
  // Shared with the thread, which may have to be left behind.
  struct Shared {
    mutable absl::Mutex mutex;
    bool stop ABSL_GUARDED_BY(mutex) = false;
    bool ended ABSL_GUARDED_BY(mutex) = false;
    bool running ABSL_GUARDED_BY(mutex) = false;
    absl::Time began ABSL_GUARDED_BY(mutex);
    uint64_t rounds ABSL_GUARDED_BY(mutex) = 0;
    uint64_t failures ABSL_GUARDED_BY(mutex) = 0;
    absl::Status last ABSL_GUARDED_BY(mutex);
  };

  static void Run(const Options& options, const time::Clock& clock, const Round& round, Shared& shared);

  const Options options_;
  const time::Clock& clock_;
  std::shared_ptr<Shared> shared_;
  std::thread thread_;
};

}  // namespace evenkeel::agent
