// Flapping: a node that fails again soon after it was given pods again has to be well for longer the next
// time. Small formulas over what is remembered of the node.
//
// As route flap damping does it for networks (RFC 2439), in its simplest form: the time doubles with each
// relapse, to a ceiling, and quiet time takes the doublings off one by one.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// A node that is failed over again within this time of its readmission has relapsed. A readmission that lasts
// so long takes one relapse off.
inline constexpr absl::Duration kRelapseWindow = absl::Hours(1);

// Durable, with the node's record. Times are the coordinator's: each start sets its clock by the wall clock
// anew, and a wall clock that was set back in between counts as no time at all.
struct HoldDown {
  uint32_t relapses = 0;
  absl::Time readmitted = absl::InfinitePast();  // the last time; InfinitePast: never
  bool operator==(const HoldDown&) const = default;
};

void NoteFailover(HoldDown& hold, absl::Time now);
void NoteReadmission(HoldDown& hold, absl::Time now);

// How long the node must be well, by the policy's readmit_after and max_readmit_after (no less than it).
absl::Duration ReadmitAfter(absl::Duration readmit_after, absl::Duration max_readmit_after,
                            const HoldDown& hold);

}  // namespace evenkeel::coordinator
