#include "common/http/timers.h"

#include <algorithm>

namespace evenkeel::http {

Timers::Id Timers::Add(absl::Duration delay, std::function<void()> task) {
  // Longer than any process lives, and short enough for the clock's 64-bit nanoseconds.
  constexpr absl::Duration kNever = absl::Hours(24 * 365 * 50);
  if (delay > kNever) return 0;
  const auto wait = absl::ToChronoNanoseconds(std::max(delay, absl::ZeroDuration()));
  const TimePoint due = std::chrono::steady_clock::now() + wait;
  const Id id = ++last_id_;
  tasks_.emplace(Key{due, id}, std::move(task));
  due_.emplace(id, due);
  return id;
}

void Timers::Remove(Id id) {
  const auto found = due_.find(id);
  if (found == due_.end()) return;
  tasks_.erase(Key{found->second, id});
  due_.erase(found);
}

void Timers::RunDue() {
  const TimePoint now = std::chrono::steady_clock::now();
  const Id newest = last_id_;
  for (auto next = tasks_.begin(); next != tasks_.end() && next->first.first <= now;) {
    if (next->first.second > newest) {
      ++next;
      continue;
    }
    auto task = std::move(next->second);
    due_.erase(next->first.second);
    tasks_.erase(next);
    task();
    next = tasks_.begin();  // the task may have changed anything
  }
}

absl::Duration Timers::UntilNext() const {
  if (tasks_.empty()) return absl::InfiniteDuration();
  return absl::FromChrono(tasks_.begin()->first.first - std::chrono::steady_clock::now());
}

}  // namespace evenkeel::http
