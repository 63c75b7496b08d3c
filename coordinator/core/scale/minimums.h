// Minimums by the clock: "no fewer than 10 from 8 to 18 on working days", so that pods are there before a
// load that is known to come. Times of the day are those of a fixed offset from UTC: the core knows no time
// zones (they are files), so summer time is the operator's to write down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

struct ScheduledMinimum {
  uint8_t weekdays = 0x7f;  // bit 0 Monday to bit 6 Sunday: the days on which it begins; at least one
  absl::Duration begin;     // since midnight: 0 to less than 24 h
  absl::Duration length;    // more than 0, at most 24 h; may go past midnight
  int64_t replicas = 0;
  bool operator==(const ScheduledMinimum&) const = default;
};

struct Minimums {
  int64_t replicas = 1;  // always
  std::vector<ScheduledMinimum> schedule;
  absl::Duration utc_offset;  // -12 to 14 h
  bool operator==(const Minimums&) const = default;
};

struct MinimumNow {
  int64_t replicas = 0;            // the largest that is in force
  std::optional<size_t> schedule;  // which entry; none: the one that always counts
  bool operator==(const MinimumNow&) const = default;
};
MinimumNow MinimumAt(const Minimums& minimums, absl::Time now);

// When the minimum may be another next: the next beginning or end of any entry after `now`. InfiniteFuture:
// never.
absl::Time NextMinimum(const Minimums& minimums, absl::Time now);

}  // namespace evenkeel::coordinator
