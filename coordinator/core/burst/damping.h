// Flap damping: pods that are brought home, and must burst again soon after, were brought home too early. The
// time for which real room must have been there doubles with each such relapse, and comes down again with
// quiet time, as hold_down.h does it for nodes. Pure.
#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"

namespace evenkeel::coordinator {

// A burst that begins within this time of a drain-back has followed from it. What it has taken too much of is
// missed at once; a burst that comes later comes from another load.
inline constexpr absl::Duration kBurstRelapse = absl::Minutes(1);

// Durable, with the burst's record.
struct DrainBackDamping {
  uint32_t relapses = 0;
  absl::Time drained_back = absl::InfinitePast();  // the last time that pods came home
  bool operator==(const DrainBackDamping&) const = default;
};

void NoteDrainedBack(DrainBackDamping& damping, absl::Time now);

// Pods go to virtual nodes again. A drain-back is answered for once: after that it counts for nothing.
void NoteBurst(DrainBackDamping& damping, absl::Time now);

// After a start: the clock may have been set back between two runs.
void BoundDamping(DrainBackDamping& damping, absl::Time now);

// How long real nodes must have been Ready before pods are brought home to them.
absl::Duration RoomAfter(const DrainBackPolicy& policy, const DrainBackDamping& damping);

}  // namespace evenkeel::coordinator
