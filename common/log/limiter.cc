#include "common/log/limiter.h"

#include <utility>

#include "common/base/check.h"

namespace evenkeel::log {

Limiter::Limiter(absl::Duration interval, std::size_t max_keys) : interval_(interval), max_keys_(max_keys) {
  EVENKEEL_CHECK(interval > absl::ZeroDuration()) << "a limiter's interval must be positive";
}

std::optional<std::int64_t> Limiter::Admit(absl::string_view key, absl::Time now) {
  absl::MutexLock lock(&mutex_);
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= max_keys_) ForgetIdle(now);
    if (entries_.size() < max_keys_) found = entries_.try_emplace(std::string(key)).first;
  }
  Entry& entry = found == entries_.end() ? overflow_ : found->second;
  if (now < entry.next) {
    ++entry.suppressed;
    return std::nullopt;
  }
  entry.next = now + interval_;
  return std::exchange(entry.suppressed, 0);
}

void Limiter::ForgetIdle(absl::Time now) {
  // At most one sweep an interval: a flood of new keys must not make each line cost a pass over all of them.
  if (now < next_sweep_) return;
  next_sweep_ = now + interval_;
  absl::erase_if(entries_, [&](const auto& item) { return item.second.next <= now; });
}

}  // namespace evenkeel::log
