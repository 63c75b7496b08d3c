// Times and durations as they are stored: whole nanoseconds, which is all that the coordinator's clock gives;
// the ends of the range stand for the two infinities. Internal to store/.
#pragma once

#include <cstdint>
#include <limits>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// absl maps both infinities to the ends of the range, but not back.
inline int64_t ToStored(absl::Time time) {
  return absl::ToUnixNanos(time);
}
inline int64_t ToStored(absl::Duration duration) {
  return absl::ToInt64Nanoseconds(duration);
}

inline absl::Time TimeFrom(int64_t ns) {
  if (ns == std::numeric_limits<int64_t>::min()) return absl::InfinitePast();
  if (ns == std::numeric_limits<int64_t>::max()) return absl::InfiniteFuture();
  return absl::FromUnixNanos(ns);
}

inline absl::Duration DurationFrom(int64_t ns) {
  if (ns == std::numeric_limits<int64_t>::min()) return -absl::InfiniteDuration();
  if (ns == std::numeric_limits<int64_t>::max()) return absl::InfiniteDuration();
  return absl::Nanoseconds(ns);
}

}  // namespace evenkeel::coordinator
