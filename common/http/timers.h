#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace evenkeel::http {

// Tasks to run at a time, by the monotonic clock. One thread only.
class Timers {
 public:
  using Id = std::uint64_t;  // never 0

  // `delay` may be infinite: the task then never runs, and the id is 0.
  Id Add(absl::Duration delay, std::function<void()> task);
  void Remove(Id id);

  // Runs what is due, in order of time. A task may add and remove others; those added now wait for the next
  // call.
  void RunDue();

  // How long until the next is due; InfiniteDuration when there is none.
  absl::Duration UntilNext() const;

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Key = std::pair<TimePoint, Id>;

  std::map<Key, std::function<void()>> tasks_;
  absl::flat_hash_map<Id, TimePoint> due_;
  Id last_id_ = 0;
};

}  // namespace evenkeel::http
