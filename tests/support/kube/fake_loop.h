#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace evenkeel::testing {

// One thread that runs tasks in order, now or later. Any thread may post.
class FakeLoop {
 public:
  FakeLoop();
  ~FakeLoop();

  // Runs before Stop returns, in any case.
  void Post(std::function<void()> task);
  // Dropped by Stop when it is not due yet. Setting what it returns cancels it.
  std::shared_ptr<std::atomic<bool>> After(absl::Duration delay, std::function<void()> task);

  // Runs what was posted, also what that posts, then ends the thread. Once.
  void Stop();
  // Waits until nothing is left to run now. Not on the loop's thread.
  void WaitUntilIdle();

 private:
  using Key = std::pair<std::chrono::steady_clock::time_point, std::uint64_t>;

  void Run();

  absl::Mutex mutex_;
  std::map<Key, std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace evenkeel::testing
