// When virtual nodes are open to new pods (L9: only when real room is used up). The scheduler's own word
// opens them: it knows selectors, affinities and volumes, which room.h does not. Pure; whether it *may* be
// opened is for the guards.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// The taint that keeps new pods off a virtual node while no burst is open. A key of our own: the provider's
// taint is what the workloads that may burst tolerate.
inline constexpr char kValveTaintKey[] = "evenkeel.dev/burst-closed";
inline constexpr char kValveTaintEffect[] = "NoSchedule";

// The scheduler must have found no room for a pod for so long: it may only be about to see a node that has
// just come.
inline constexpr absl::Duration kPressFor = absl::Milliseconds(300);
// What has stopped pressing may be followed by more.
inline constexpr absl::Duration kValveHold = absl::Seconds(3);
// A pod that is not bound so long after the valve was opened is not helped by it: something else keeps it off
// virtual nodes. It counts for nothing for a while.
inline constexpr absl::Duration kValveHelps = absl::Seconds(15);
inline constexpr absl::Duration kHelplessFor = absl::Minutes(5);

enum class ValveStep { kStay, kOpen, kClose };

struct ValveSight {
  absl::Time now;
  bool open = false;
  std::optional<absl::Time> pressing_since;        // of the oldest that presses; none: nothing does
  absl::Time last_pressed = absl::InfinitePast();  // when anything did the last time
  bool virtual_nodes = false;                      // there is one that is Ready
  bool real_room = false;                          // for the next pod of what has burst
  std::string not_any_more;                        // why nothing may be let through now; empty: it may
};

struct ValveAdvice {
  ValveStep step = ValveStep::kStay;
  std::string reason;                         // of kClose: a clause
  absl::Time again = absl::InfiniteFuture();  // when time alone may change the answer
};

ValveAdvice AskValve(const ValveSight& sight);

}  // namespace evenkeel::coordinator
