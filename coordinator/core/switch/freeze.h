// Times in which no traffic is moved forward: "not on Fridays from 16:00", "not on the 24th". A freeze never
// holds a rollback. Times of the day are those of a fixed offset from UTC: the core knows no time zones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// Either weekly or once.
struct FreezeWindow {
  std::string name;  // may be empty
  // Weekly: begins on these days, bit 0 Monday to bit 6 Sunday; 0: it is no weekly one.
  uint8_t weekdays = 0;
  absl::Duration begin;       // since midnight: 0 to less than 24 h
  absl::Duration length;      // more than 0, at most 7 days
  absl::Duration utc_offset;  // -12 to 14 h
  // Once.
  absl::Time from = absl::InfiniteFuture();
  absl::Time until = absl::InfiniteFuture();
  bool operator==(const FreezeWindow&) const = default;
};

struct Freeze {
  std::string name;
  absl::Time until;  // of what is in force without a break
  bool operator==(const Freeze&) const = default;
};

// The freeze that is in force; none: traffic may be moved. Of several the one that ends last gives its name,
// and windows that touch or overlap count as one.
std::optional<Freeze> FreezeAt(const std::vector<FreezeWindow>& windows, absl::Time now);

}  // namespace evenkeel::coordinator
