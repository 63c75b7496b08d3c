#include "coordinator/core/fencing_time.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr double kClockDrift = 0.01;
constexpr absl::Duration kLastWrite = absl::Milliseconds(250);

}  // namespace

absl::Duration IsolationTimeout(const FencingPolicy& policy, absl::Duration beat_interval) {
  return std::max(policy.isolation_timeout.value_or(absl::Seconds(20)), beat_interval * kBeatsToIsolation);
}

absl::Duration EnforcedMinimum(const ArmedFence& fence) {
  const absl::Duration own = fence.isolation_timeout + fence.stop_timeout +
                             2 * fence.watchdog_timeout.value_or(absl::ZeroDuration());
  return own * (1 + kClockDrift) + kLastWrite;
}

std::optional<absl::Time> BelievedFrom(const ArmedFence& fence, absl::Time last_beat,
                                       const std::vector<std::optional<absl::Time>>& promises) {
  absl::Time last_word = last_beat;
  for (const std::optional<absl::Time>& promise : promises) {
    if (!promise) return std::nullopt;
    last_word = std::max(last_word, *promise);
  }
  return last_word + EnforcedMinimum(fence);
}

}  // namespace evenkeel::coordinator
