// The coordinator's own health, as a multiplier of everybody's bound: who is slow himself must give others
// more time before he calls them late (L2).
//
// This is the local health multiplier of Lifeguard (Dadgar, Phillips, Currey: "Lifeguard: Local Health
// Awareness for More Accurate Failure Detection", 2018, section III): a counter that every sign of our own
// slowness raises and quiet time lowers, saturated at both ends; time-outs grow in proportion to it. It
// answers the lesser delays. What is so long that nothing heard during it can be trusted makes blind instead
// (sight.h).
//
// Pure; the core keeps one for all clusters.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// What of our own was late.
enum class DelaySource {
  kLoop,      // a deadline of the core: the loop or its timer
  kSessions,  // the thread that reads the beats
  kStore,     // a commit (fsync)
  kWatch,     // the Kubernetes API or a watch of it began to fail; how long does not matter yet
};

// What one delay adds to the points: 0 where it is ordinary.
//   loop, sessions: 1 from 100 ms, 2 from 250 ms, 3 from 500 ms
//   store:          1 from 250 ms, 2 from 1 s: a slow disk delays decisions, not beats
//   watch:          2
uint32_t DelayPoints(DelaySource source, absl::Duration delay);

inline constexpr uint32_t kMostDelayPoints = 6;
// Delays within this time of each other may be one stall that several have noticed: together they count as
// the worst of them.
inline constexpr absl::Duration kSameStall = absl::Seconds(1);
// Quiet time that takes one point off again.
inline constexpr absl::Duration kEaseAfter = absl::Seconds(2);

struct OwnHealth {
  uint32_t points = 0;                        // 0 to kMostDelayPoints
  absl::Time eases = absl::InfiniteFuture();  // when the next point goes, if nothing happens; none at 0
  std::string reason;                         // of the delay that mattered most; empty at 0
  uint32_t worst = 0;                         // its points
  absl::Time stall = absl::InfinitePast();    // when the last stall was first noticed
  uint32_t stall_points = 0;                  // what it counts
};

// What all bounds are multiplied by, in percent: 100 + 50 a point, so 100 to 400.
uint32_t PatiencePercent(const OwnHealth& health);

// Notes a delay; returns whether the patience changed.
bool NoteDelay(OwnHealth& health, DelaySource source, absl::Duration delay, absl::Time now);

// Takes the points off that are due; returns whether the patience changed.
bool Ease(OwnHealth& health, absl::Time now);

}  // namespace evenkeel::coordinator
