// How regularly one node beats, and how long its silence may therefore last before it is suspect. Pure; 8
// bytes a session; whole microseconds, so that the same beats give the same bounds on every machine.
//
// The bound is that of an accrual detector (Hayashibara, Défago, Yared, Katayama: "The phi accrual failure
// detector", SRDS 2004): so long that a beat which merely comes late would come later than that once in 10^8
// times (phi = 8), were the gaps normally distributed: mean + 5.6 standard deviations. Mean and deviation are
// kept as TCP keeps them for its retransmission timer (Jacobson 1988, RFC 6298 section 2): moving averages of
// the gap and of its absolute deviation, of which a normal distribution's standard deviation is 1.25; so the
// bound is mean + 7 deviations.
//
// Unlike TCP's, the deviation is learnt fast and forgotten slowly: one gap is enough to forgive the next of
// its kind (7 / 4 of its excess is granted), and it takes about 45 beats to forget half of that.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

struct Rhythm {
  uint32_t mean_us = 0;       // moving average of the gaps between beats
  uint32_t deviation_us = 0;  // moving average of their distance from the mean
};

// Gaps count for no more than this; BeatMonitor leaves out all that are longer than max_suspect_after, and
// gives of one that was too long for its session no more than the bound that it broke.
inline constexpr absl::Duration kLongestGap = absl::Minutes(10);

// Of a node that beats exactly as it was told.
Rhythm EvenRhythm(absl::Duration interval);

// A beat came `gap` after the one before it.
void Learn(Rhythm& rhythm, absl::Duration gap);

// The silence that is not explained by the rhythm any more; floor and ceiling not applied.
absl::Duration UnlikelySilence(const Rhythm& rhythm);

// Bounds are dealt out in a few classes from floor to ceiling, so that all sessions of one class share one
// bound. `floor` <= `ceiling`.
inline constexpr size_t kPatienceClasses = 9;
// The bound of a class, 0 to 8: floor, and in equal steps up to the ceiling.
absl::Duration ClassBound(size_t patience_class, absl::Duration floor, absl::Duration ceiling);
// The lowest class whose bound is `bound` or more; the highest where none is.
size_t ClassOf(absl::Duration bound, absl::Duration floor, absl::Duration ceiling);

}  // namespace evenkeel::coordinator
