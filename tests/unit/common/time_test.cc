// Proves that clocks never go backwards and that back-off keeps its bounds.
#include <gtest/gtest.h>

#include <limits>

#include "common/time/backoff.h"
#include "common/time/fake_clock.h"
#include "common/time/steady_clock.h"

namespace evenkeel::time {
namespace {

// A steady clock's readings are in order.
TEST(SteadyClockTest, NeverGoesBackwards) {
  const SteadyClock clock;
  absl::Time last = clock.Now();
  for (int i = 0; i < 10000; ++i) {
    const absl::Time now = clock.Now();
    ASSERT_GE(now, last);
    last = now;
  }
}

// A fake clock stands still until it is told to move, and refuses to go back.
TEST(FakeClockTest, MovesOnlyWhenAdvanced) {
  FakeClock clock;
  const absl::Time start = clock.Now();
  EXPECT_EQ(clock.Now(), start);
  clock.Advance(absl::Milliseconds(250));
  EXPECT_EQ(clock.Now() - start, absl::Milliseconds(250));
  EXPECT_DEATH(clock.Advance(-absl::Seconds(1)), "backwards");
}

// Without randomness the wait doubles from the initial value up to the maximum and stays there for ever.
TEST(BackoffTest, DoublesUpToTheMaximum) {
  const BackoffPolicy policy{.initial = absl::Milliseconds(100), .maximum = absl::Seconds(1)};
  EXPECT_EQ(Backoff(policy, 1, 0.0), absl::Milliseconds(100));
  EXPECT_EQ(Backoff(policy, 2, 0.0), absl::Milliseconds(200));
  EXPECT_EQ(Backoff(policy, 4, 0.0), absl::Milliseconds(800));
  EXPECT_EQ(Backoff(policy, 5, 0.0), absl::Seconds(1));
  EXPECT_EQ(Backoff(policy, std::numeric_limits<int>::max(), 0.0), absl::Seconds(1));
  EXPECT_EQ(Backoff(policy, -3, 0.0), absl::Milliseconds(100));
}

// Jitter only shortens the wait, by no more than its share.
TEST(BackoffTest, JitterShortensWithinItsShare) {
  const BackoffPolicy policy{.initial = absl::Seconds(1), .maximum = absl::Seconds(1), .jitter = 0.5};
  EXPECT_EQ(Backoff(policy, 1, 0.5), absl::Milliseconds(750));
  EXPECT_GT(Backoff(policy, 1, 0.999), absl::Milliseconds(500));
}

}  // namespace
}  // namespace evenkeel::time
