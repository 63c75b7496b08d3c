// What will happen in the modelled world, in order of time; at one instant, in the order in which it was
// arranged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/time/time.h"

namespace evenkeel::scenario {

class Schedule {
 public:
  explicit Schedule(absl::Time start) : now_(start) {}

  absl::Time now() const { return now_; }

  void After(absl::Duration delay, std::function<void()> what) {
    queue_.emplace(std::pair(now_ + delay, ++count_), std::move(what));
  }

  // Time of the next thing; InfiniteFuture when there is none.
  absl::Time Next() const { return queue_.empty() ? absl::InfiniteFuture() : queue_.begin()->first.first; }

  // Moves the clock to `time`, not back, without running anything.
  void MoveTo(absl::Time time) { now_ = time > now_ ? time : now_; }

  // Runs the next thing, at its time or now if that has passed.
  void RunNext() {
    auto entry = queue_.extract(queue_.begin());
    MoveTo(entry.key().first);
    entry.mapped()();
  }

 private:
  absl::Time now_;
  uint64_t count_ = 0;
  std::map<std::pair<absl::Time, uint64_t>, std::function<void()>> queue_;
};

}  // namespace evenkeel::scenario
