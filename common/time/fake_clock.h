#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "common/base/check.h"
#include "common/time/clock.h"

namespace evenkeel::time {

// A clock for tests: it stands still until it is advanced. Any thread may use it.
class FakeClock final : public Clock {
 public:
  // The default start is an ordinary date, so that printed times read well.
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() const override {
    absl::MutexLock lock(&mutex_);
    return now_;
  }

  // `by` must not be negative.
  void Advance(absl::Duration by) {
    EVENKEEL_CHECK(by >= absl::ZeroDuration()) << "a clock does not go backwards";
    absl::MutexLock lock(&mutex_);
    now_ += by;
  }

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::time
