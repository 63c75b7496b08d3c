// What will happen in the simulated world, in order of time; at one instant, in the order in which it was
// arranged. The one clock of everything in it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/time/clock.h"

namespace evenkeel::simulation {

class Schedule final : public time::Clock {
 public:
  using Task = std::function<void()>;

  explicit Schedule(absl::Time start) : start_(start) {}

  absl::Time now() const { return start_ + absl::Nanoseconds(now_); }
  absl::Time Now() const override { return now(); }

  // A delay below zero is none.
  void After(absl::Duration delay, Task what) { Put(now_ + Whole(delay), std::move(what)); }
  void At(absl::Time time, Task what) { Put(Whole(time - start_), std::move(what)); }

  // Runs all that happens until `end`, and leaves the clock there.
  void RunUntil(absl::Time end) {
    const int64_t last = Whole(end - start_);
    while (!heap_.empty() && heap_.front().at <= last) RunNext();
    now_ = std::max(now_, last);
  }

  uint64_t happened() const { return happened_; }

 private:
  // Small, so that the heap moves little; the tasks themselves stay where they are.
  struct Entry {
    int64_t at;
    uint64_t order;
    uint32_t slot;
    bool operator<(const Entry& other) const {  // the heap's front is its greatest
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  static int64_t Whole(absl::Duration duration) {
    return std::max<int64_t>(absl::ToInt64Nanoseconds(duration), 0);
  }

  void Put(int64_t at, Task what) {
    uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<uint32_t>(tasks_.size());
      tasks_.push_back(std::move(what));
    } else {
      slot = free_.back();
      free_.pop_back();
      tasks_[slot] = std::move(what);
    }
    heap_.push_back({std::max(at, now_), ++count_, slot});
    std::push_heap(heap_.begin(), heap_.end());
  }

  void RunNext() {
    std::pop_heap(heap_.begin(), heap_.end());
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = std::max(now_, entry.at);
    Task task = std::move(tasks_[entry.slot]);
    tasks_[entry.slot] = nullptr;
    free_.push_back(entry.slot);
    ++happened_;
    task();
  }

  const absl::Time start_;
  int64_t now_ = 0;  // nanoseconds since the start
  uint64_t count_ = 0;
  uint64_t happened_ = 0;
  std::vector<Entry> heap_;
  std::vector<Task> tasks_;
  std::vector<uint32_t> free_;
};

}  // namespace evenkeel::simulation
