#include "agent/core/cpu_rate.h"

#include <gtest/gtest.h>

namespace evenkeel::agent {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

// Two samples one second apart give the mean use in between.
TEST(CpuRateTest, RateIsUseOverTime) {
  CpuRate rate;
  EXPECT_EQ(rate.Update(absl::Seconds(10), kStart), std::nullopt);
  EXPECT_EQ(rate.Update(absl::Seconds(10) + absl::Milliseconds(250), kStart + absl::Seconds(1)), 250U);
  EXPECT_EQ(rate.Update(absl::Seconds(10) + absl::Milliseconds(250), kStart + absl::Seconds(2)), 0U);
  EXPECT_EQ(rate.Update(absl::Seconds(14) + absl::Milliseconds(250), kStart + absl::Seconds(4)), 2000U);
}

// A counter that fell belongs to something new: no rate until there are two samples of it.
TEST(CpuRateTest, ResetOfTheCounterIsNotARate) {
  CpuRate rate;
  rate.Update(absl::Seconds(100), kStart);
  EXPECT_EQ(rate.Update(absl::Seconds(1), kStart + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(rate.Update(absl::Seconds(2), kStart + absl::Seconds(2)), 1000U);
}

// A source that was not refreshed gives the same sample again: the rate stays, and the next one spans the
// whole gap.
TEST(CpuRateTest, SameSampleAgainTellsTheSame) {
  CpuRate rate;
  rate.Update(absl::ZeroDuration(), kStart);
  EXPECT_EQ(rate.Update(absl::Seconds(5), kStart + absl::Seconds(10)), 500U);
  EXPECT_EQ(rate.Update(absl::Seconds(5), kStart + absl::Seconds(10)), 500U);
  EXPECT_EQ(rate.Update(absl::Seconds(15), kStart + absl::Seconds(20)), 1000U);
}

// A clock that went back, or a gap too long for "now", gives nothing and starts over.
TEST(CpuRateTest, BackwardClockAndLongGapStartOver) {
  CpuRate rate;
  rate.Update(absl::ZeroDuration(), kStart);
  EXPECT_EQ(rate.Update(absl::Seconds(1), kStart - absl::Seconds(5)), std::nullopt);
  EXPECT_EQ(rate.Update(absl::Seconds(2), kStart - absl::Seconds(4)), 1000U);
  EXPECT_EQ(rate.Update(absl::Seconds(3), kStart + absl::Hours(1)), std::nullopt);
  EXPECT_EQ(rate.Update(absl::Seconds(4), kStart + absl::Hours(1) + absl::Seconds(2)), 500U);
}

// A host's use is the busy share of all ticks times its processors.
TEST(HostCpuRateTest, BusyShareTimesProcessors) {
  HostCpuRate rate;
  EXPECT_EQ(rate.Update(100, 1000, 4), std::nullopt);
  EXPECT_EQ(rate.Update(200, 1300, 4), 1000U);
  EXPECT_EQ(rate.Update(200, 1700, 4), 0U);
}

// No ticks, a fallen busy counter (another boot) and a fallen idle counter (a processor left) are told apart.
TEST(HostCpuRateTest, FallingCounters) {
  HostCpuRate rate;
  rate.Update(100, 1000, 2);
  EXPECT_EQ(rate.Update(100, 1000, 2), std::nullopt);
  EXPECT_EQ(rate.Update(50, 2000, 2), std::nullopt);
  EXPECT_EQ(rate.Update(60, 1900, 2), 2000U);
}

// Throttling is the share of the periods in which it wanted to run; none wanted means none throttled.
TEST(ThrottleRateTest, ShareOfPeriods) {
  ThrottleRate rate;
  EXPECT_EQ(rate.Update(10, 5), std::nullopt);
  EXPECT_EQ(rate.Update(20, 8), 30.0);
  EXPECT_EQ(rate.Update(20, 8), 0.0);
  EXPECT_EQ(rate.Update(3, 1), std::nullopt);
  EXPECT_EQ(rate.Update(4, 2), 100.0);
}

}  // namespace
}  // namespace evenkeel::agent
