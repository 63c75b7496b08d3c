#include "coordinator/core/timers.h"

#include <utility>

namespace evenkeel::coordinator {

void Timers::Set(const TimerKey& key, absl::Time when) {
  const auto [place, is_new] = when_.try_emplace(key, when);
  if (!is_new) {
    if (place->second == when) return;
    order_.erase({place->second, place});
    place->second = when;
  }
  order_.emplace(when, place);
}

void Timers::Clear(const TimerKey& key) {
  const auto found = when_.find(key);
  if (found == when_.end()) return;
  order_.erase({found->second, found});
  when_.erase(found);
}

absl::Time Timers::Next() const {
  return order_.empty() ? absl::InfiniteFuture() : order_.begin()->first;
}

std::optional<TimerKey> Timers::PopDue(absl::Time now) {
  if (order_.empty() || order_.begin()->first > now) return std::nullopt;
  const When::iterator due = order_.begin()->second;
  order_.erase(order_.begin());
  return std::move(when_.extract(due).key());
}

bool Timers::IsDueBefore(absl::Time when, TimerKind kind) const {
  if (order_.empty()) return false;
  const auto& [first, place] = *order_.begin();
  return first < when || (first == when && place->first.kind < kind);
}

void Timers::PartsChanged() {
  order_.clear();
  for (auto place = when_.begin(); place != when_.end(); ++place) order_.emplace(place->second, place);
}

}  // namespace evenkeel::coordinator
