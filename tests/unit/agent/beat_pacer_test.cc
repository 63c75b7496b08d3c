#include "agent/core/beat_pacer.h"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kInterval = absl::Milliseconds(200);

// Beats keep the rhythm of the interval, however late within it each was sent.
TEST(BeatPacerTest, LatenessDoesNotShiftTheRhythm) {
  BeatPacer pacer(kInterval, kStart);
  EXPECT_EQ(pacer.due(), kStart);
  EXPECT_EQ(pacer.Beat(kStart + absl::Milliseconds(30)), 1U);
  EXPECT_EQ(pacer.due(), kStart + kInterval);
  EXPECT_EQ(pacer.Beat(kStart + absl::Milliseconds(210)), 2U);
  EXPECT_EQ(pacer.due(), kStart + 2 * kInterval);
}

// After a pause there is one beat and the rhythm starts anew: no burst makes up for what was missed.
TEST(BeatPacerTest, MissedBeatsAreNotMadeUpFor) {
  BeatPacer pacer(kInterval, kStart);
  pacer.Beat(kStart);
  const absl::Time late = kStart + absl::Seconds(30);
  EXPECT_EQ(pacer.Beat(late), 2U);
  EXPECT_EQ(pacer.due(), late + kInterval);
}

// A new interval takes effect within one of the new intervals, and out-of-range ones are bounded.
TEST(BeatPacerTest, IntervalChangesAtOnce) {
  BeatPacer pacer(absl::Seconds(10), kStart);
  pacer.Beat(kStart);
  pacer.SetInterval(kInterval, kStart + absl::Seconds(1));
  EXPECT_EQ(pacer.due(), kStart + absl::Seconds(1) + kInterval);
  pacer.SetInterval(absl::ZeroDuration(), kStart);
  EXPECT_EQ(pacer.interval(), BeatPacer::kShortestInterval);
  pacer.SetInterval(absl::InfiniteDuration(), kStart);
  EXPECT_EQ(pacer.interval(), BeatPacer::kLongestInterval);
}

// The wait for a confirmation starts over with each one; ten beats and the slack are its bound.
TEST(BeatPacerTest, ConfirmationsHaveABound) {
  BeatPacer pacer(kInterval, kStart);
  EXPECT_EQ(pacer.acknowledgement_due(), kStart + absl::Seconds(5));
  for (int i = 0; i < 12; ++i) {
    pacer.Beat(kStart + i * kInterval);
  }
  EXPECT_TRUE(pacer.Acknowledge(10, kStart + absl::Seconds(2)).ok());
  EXPECT_EQ(pacer.acknowledged(), 10U);
  EXPECT_EQ(pacer.acknowledgement_due(), kStart + absl::Seconds(7));
}

// A coordinator that confirms what was never sent does not speak the protocol.
TEST(BeatPacerTest, ConfirmationOfTheFutureIsAnError) {
  BeatPacer pacer(kInterval, kStart);
  pacer.Beat(kStart);
  EXPECT_TRUE(absl::IsOutOfRange(pacer.Acknowledge(2, kStart)));
  EXPECT_EQ(pacer.acknowledged(), 0U);
}

}  // namespace
}  // namespace evenkeel::agent
