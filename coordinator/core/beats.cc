#include "coordinator/core/beats.h"

#include <algorithm>
#include <cstdint>

namespace evenkeel::coordinator {

absl::Duration DefaultBeatInterval(size_t nodes) {
  constexpr size_t kSmallFleet = 200;
  constexpr size_t kBeatsPerTenthOfASecond = 100;
  if (nodes <= kSmallFleet) return absl::Milliseconds(200);
  const size_t tenths = (nodes + kBeatsPerTenthOfASecond - 1) / kBeatsPerTenthOfASecond;
  return std::min(absl::Milliseconds(100) * static_cast<int64_t>(tenths), absl::Seconds(5));
}

absl::Duration BeatInterval(const FailoverPolicy& policy, size_t nodes) {
  return policy.beat_interval.value_or(DefaultBeatInterval(nodes));
}

absl::Duration SuspectAfter(const FailoverPolicy& policy, absl::Duration interval) {
  constexpr absl::Duration kRetransmission = absl::Milliseconds(500);
  const absl::Duration silence = std::min(interval * 3, interval * 2 + kRetransmission);
  return policy.suspect_after.value_or(std::max(silence, kRetransmission));
}

absl::Duration MaxSuspectAfter(const FailoverPolicy& policy, absl::Duration suspect_after) {
  return std::max(policy.max_suspect_after.value_or(suspect_after * 3), suspect_after);
}

absl::Duration CheckPause(absl::Duration silent_for) {
  return silent_for < absl::Minutes(1) ? absl::Seconds(1) : absl::Seconds(5);
}

}  // namespace evenkeel::coordinator
