#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
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
  void Run();

  const Options options_;
  const time::Clock& clock_;
  const Round round_;

  // Of the standard library, whose waits count by the monotonic clock: a wall clock that is set back must not
  // make a collector sleep for as long.
  mutable std::mutex mutex_;
  std::condition_variable stopping_;
  // All below are guarded by the mutex.
  bool stop_ = false;
  bool running_ = false;
  absl::Time began_;
  uint64_t rounds_ = 0;
  uint64_t failures_ = 0;
  absl::Status last_;

  std::thread thread_;  // last: it uses the others
};

}  // namespace evenkeel::agent
