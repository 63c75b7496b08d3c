#include "coordinator/session/rhythm.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr int64_t kDeviations = 7;
constexpr int64_t kMeanShare = 16;    // a gap moves the mean by a sixteenth of its distance
constexpr int64_t kLearnShare = 4;    // and the deviation by a quarter where it grows
constexpr int64_t kForgetShare = 64;  // or by a sixty-fourth where it shrinks

int64_t Microseconds(absl::Duration gap) {
  return absl::ToInt64Microseconds(std::clamp(gap, absl::ZeroDuration(), kLongestGap));
}

}  // namespace

Rhythm EvenRhythm(absl::Duration interval) {
  return {.mean_us = static_cast<uint32_t>(Microseconds(interval)), .deviation_us = 0};
}

void Learn(Rhythm& rhythm, absl::Duration gap) {
  const int64_t error = Microseconds(gap) - rhythm.mean_us;
  const int64_t surprise = std::abs(error) - rhythm.deviation_us;
  rhythm.deviation_us =
      static_cast<uint32_t>(rhythm.deviation_us + surprise / (surprise > 0 ? kLearnShare : kForgetShare));
  rhythm.mean_us = static_cast<uint32_t>(rhythm.mean_us + error / kMeanShare);
}

absl::Duration UnlikelySilence(const Rhythm& rhythm) {
  return absl::Microseconds(rhythm.mean_us + kDeviations * rhythm.deviation_us);
}

absl::Duration ClassBound(size_t patience_class, absl::Duration floor, absl::Duration ceiling) {
  constexpr auto kSteps = static_cast<int64_t>(kPatienceClasses - 1);
  return floor + (ceiling - floor) * static_cast<int64_t>(patience_class) / kSteps;
}

size_t ClassOf(absl::Duration bound, absl::Duration floor, absl::Duration ceiling) {
  size_t patience_class = 0;
  while (patience_class + 1 < kPatienceClasses && ClassBound(patience_class, floor, ceiling) < bound)
    ++patience_class;
  return patience_class;
}

}  // namespace evenkeel::coordinator
