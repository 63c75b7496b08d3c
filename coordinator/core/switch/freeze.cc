#include "coordinator/core/switch/freeze.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
constexpr int64_t kDaysAWeek = 7;
constexpr int64_t kEpochWeekday = 3;  // 1970-01-01 was a Thursday; Monday is 0
// Weekly windows that follow on one another without a break would be followed for ever.
constexpr int kMostJoined = 32;

int64_t DayOf(const FreezeWindow& window, absl::Time now) {
  absl::Duration rest;
  const int64_t days = absl::IDivDuration(now - absl::UnixEpoch() + window.utc_offset, kDay, &rest);
  return rest < absl::ZeroDuration() ? days - 1 : days;
}

bool BeginsOn(const FreezeWindow& window, int64_t day) {
  const int64_t weekday = ((day + kEpochWeekday) % kDaysAWeek + kDaysAWeek) % kDaysAWeek;
  return (window.weekdays >> weekday & 1) != 0;
}

// The end of the window if it holds at that time.
std::optional<absl::Time> EndOf(const FreezeWindow& window, absl::Time now) {
  if (window.weekdays == 0) {
    return window.from <= now && now < window.until ? std::optional(window.until) : std::nullopt;
  }
  std::optional<absl::Time> end;
  const int64_t today = DayOf(window, now);
  for (int64_t day = today - kDaysAWeek; day <= today; ++day) {
    if (!BeginsOn(window, day)) continue;
    const absl::Time begin = absl::UnixEpoch() + kDay * day + window.begin - window.utc_offset;
    if (begin <= now && now < begin + window.length && (!end || *end < begin + window.length)) {
      end = begin + window.length;
    }
  }
  return end;
}

std::optional<Freeze> LongestAt(const std::vector<FreezeWindow>& windows, absl::Time now) {
  std::optional<Freeze> longest;
  for (const FreezeWindow& window : windows) {
    const auto end = EndOf(window, now);
    if (end && (!longest || longest->until < *end)) longest = Freeze{window.name, *end};
  }
  return longest;
}

}  // namespace

std::optional<Freeze> FreezeAt(const std::vector<FreezeWindow>& windows, absl::Time now) {
  std::optional<Freeze> freeze = LongestAt(windows, now);
  for (int i = 0; freeze && i < kMostJoined; ++i) {
    const auto next = LongestAt(windows, freeze->until);
    if (!next || next->until <= freeze->until) break;
    freeze = next;
  }
  return freeze;
}

}  // namespace evenkeel::coordinator
