#pragma once

#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::testing {

// An EventSink that keeps what is posted, in order, and lets a test wait for it.
class EventLog final : public coordinator::EventSink {
 public:
  bool Post(coordinator::Event event) override {
    absl::MutexLock lock(&mutex_);
    events_.push_back(std::move(event));
    return true;
  }
  absl::Status TryPost(coordinator::Event event) override {
    Post(std::move(event));
    return absl::OkStatus();
  }

  std::vector<coordinator::Event> All() const {
    absl::MutexLock lock(&mutex_);
    return events_;
  }

  // All events of one type so far.
  template <typename T>
  std::vector<T> Of() const {
    absl::MutexLock lock(&mutex_);
    return OfLocked<T>();
  }

  // The same once there are at least `count`, for which it waits.
  template <typename T>
  std::vector<T> WaitFor(size_t count) const {
    absl::MutexLock lock(&mutex_);
    const auto enough = [this, count]()
                            ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return OfLocked<T>().size() >= count; };
    mutex_.Await(absl::Condition(&enough));
    return OfLocked<T>();
  }

 private:
  template <typename T>
  std::vector<T> OfLocked() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    std::vector<T> found;
    for (const coordinator::Event& event : events_) {
      if (const T* match = std::get_if<T>(&event)) found.push_back(*match);
    }
    return found;
  }

  mutable absl::Mutex mutex_;
  std::vector<coordinator::Event> events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::testing
