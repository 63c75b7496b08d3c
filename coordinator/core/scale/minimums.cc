#include "coordinator/core/scale/minimums.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kDay = absl::Hours(24);
constexpr int64_t kDaysAWeek = 7;
constexpr int64_t kEpochWeekday = 3;  // 1970-01-01 was a Thursday; Monday is 0

// Days since 1970-01-01 by the schedule's clock.
int64_t DayOf(const Minimums& minimums, absl::Time now) {
  absl::Duration rest;
  const absl::Duration local = now - absl::UnixEpoch() + minimums.utc_offset;
  const int64_t days = absl::IDivDuration(local, kDay, &rest);
  return rest < absl::ZeroDuration() ? days - 1 : days;
}

bool BeginsOn(const ScheduledMinimum& entry, int64_t day) {
  const int64_t weekday = ((day + kEpochWeekday) % kDaysAWeek + kDaysAWeek) % kDaysAWeek;
  return (entry.weekdays >> weekday & 1) != 0;
}

absl::Time BeginningOn(const Minimums& minimums, const ScheduledMinimum& entry, int64_t day) {
  return absl::UnixEpoch() + kDay * day + entry.begin - minimums.utc_offset;
}

}  // namespace

MinimumNow MinimumAt(const Minimums& minimums, absl::Time now) {
  MinimumNow in_force{.replicas = minimums.replicas, .schedule = std::nullopt};
  const int64_t today = DayOf(minimums, now);
  for (size_t i = 0; i < minimums.schedule.size(); ++i) {
    const ScheduledMinimum& entry = minimums.schedule[i];
    // None is longer than a day, so it began today or yesterday.
    for (const int64_t day : {today - 1, today}) {
      if (!BeginsOn(entry, day)) continue;
      const absl::Time begin = BeginningOn(minimums, entry, day);
      if (begin <= now && now < begin + entry.length && entry.replicas > in_force.replicas) {
        in_force = {.replicas = entry.replicas, .schedule = i};
      }
    }
  }
  return in_force;
}

absl::Time NextMinimum(const Minimums& minimums, absl::Time now) {
  absl::Time next = absl::InfiniteFuture();
  const int64_t today = DayOf(minimums, now);
  for (const ScheduledMinimum& entry : minimums.schedule) {
    for (int64_t day = today - 1; day <= today + kDaysAWeek; ++day) {
      if (!BeginsOn(entry, day)) continue;
      const absl::Time begin = BeginningOn(minimums, entry, day);
      for (const absl::Time time : {begin, begin + entry.length}) {
        if (time > now) next = std::min(next, time);
      }
    }
  }
  return next;
}

}  // namespace evenkeel::coordinator
