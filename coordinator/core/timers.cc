#include "coordinator/core/timers.h"

namespace evenkeel::coordinator {

void Timers::Set(const TimerKey& key, absl::Time when) {
  Clear(key);
  when_.emplace(key, when);
  order_.emplace(when, key);
}

void Timers::Clear(const TimerKey& key) {
  const auto found = when_.find(key);
  if (found == when_.end()) return;
  order_.erase({found->second, key});
  when_.erase(found);
}

absl::Time Timers::Next() const {
  return order_.empty() ? absl::InfiniteFuture() : order_.begin()->first;
}

std::optional<TimerKey> Timers::PopDue(absl::Time now) {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  TimerKey key = order_.begin()->second;
  order_.erase(order_.begin());
  when_.erase(key);
  return key;
}

void Timers::PartsChanged() {
  order_.clear();
  for (const auto& [key, when] : when_) order_.emplace(when, key);
}

}  // namespace evenkeel::coordinator
