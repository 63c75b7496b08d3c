// Means over the last seconds, and what becomes of a pod whose samples stop.

#include "coordinator/core/scale/usage_window.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

absl::Time At(double seconds) {
  return kStart + absl::Seconds(seconds);
}

void AddSeconds(UsageWindow& usage, int from, int to, int64_t millicores) {
  for (int second = from; second < to; ++second) usage.Add({millicores, At(second + 1), absl::Seconds(1)});
}

// A mean goes over whole samples, as many as the window holds, or as many as there are.
TEST(UsageWindowTest, MeansOverWindows) {
  UsageWindow usage;
  EXPECT_FALSE(usage.Mean(absl::Seconds(2)));
  AddSeconds(usage, 0, 1, 100);
  EXPECT_EQ(usage.Mean(absl::Seconds(15)), (CpuSample{100, At(1), absl::Seconds(1)}));
  AddSeconds(usage, 1, 20, 100);
  AddSeconds(usage, 20, 23, 400);
  EXPECT_EQ(usage.Mean(absl::Seconds(2)), (CpuSample{400, At(23), absl::Seconds(2)}));
  EXPECT_EQ(usage.Mean(absl::Seconds(15)), (CpuSample{160, At(23), absl::Seconds(15)}));
  EXPECT_EQ(usage.Mean(absl::Seconds(100))->window, absl::Seconds(23));
}

// Samples that come a little early or late make no window a whole sample longer: what is nearest counts.
TEST(UsageWindowTest, AMeanIsOfTheNearestSamples) {
  UsageWindow early;
  for (int i = 1; i <= 10; ++i) early.Add({100, At(0.95 * i), absl::Seconds(0.95)});
  early.Add({400, At(10.45), absl::Seconds(0.95)});
  early.Add({400, At(11.4), absl::Seconds(0.95)});
  EXPECT_EQ(early.Mean(absl::Seconds(2)), (CpuSample{400, At(11.4), At(11.4) - At(9.5)}));
  UsageWindow late;
  for (int i = 1; i <= 10; ++i) late.Add({100, At(1.05 * i), absl::Seconds(1.05)});
  late.Add({400, At(11.55), absl::Seconds(1.05)});
  late.Add({400, At(12.6), absl::Seconds(1.05)});
  EXPECT_EQ(late.Mean(absl::Seconds(2)), (CpuSample{400, At(12.6), At(12.6) - At(10.5)}));
  // Never none of them.
  EXPECT_EQ(late.Mean(absl::Milliseconds(100)), (CpuSample{400, At(12.6), At(12.6) - At(11.55)}));
}

// Samples of different windows count by their time; late, doubled and negative ones do no harm.
TEST(UsageWindowTest, WeighsSamplesByTheirTime) {
  UsageWindow usage;
  usage.Add({100, At(10), absl::Seconds(10)});
  usage.Add({400, At(15), absl::Seconds(5)});
  EXPECT_EQ(usage.Mean(absl::Seconds(15))->millicores, 200);
  usage.Add({900, At(15), absl::Seconds(5)});
  usage.Add({900, At(12), absl::Seconds(5)});
  usage.Add({900, At(16), absl::ZeroDuration()});
  EXPECT_EQ(usage.Mean(absl::Seconds(15)), (CpuSample{200, At(15), absl::Seconds(15)}));
  usage.Add({-50, At(20), absl::Seconds(5)});
  EXPECT_EQ(usage.Mean(absl::Seconds(5))->millicores, 0);
  usage.Add({100, At(25), absl::Seconds(20)});  // what it says of the time before 20 s is known already
  EXPECT_EQ(usage.Mean(absl::Seconds(5)), (CpuSample{100, At(25), absl::Seconds(5)}));
}

// Time without samples is no time without load.
TEST(UsageWindowTest, AGapIsNotIdleness) {
  UsageWindow usage;
  AddSeconds(usage, 0, 5, 300);
  AddSeconds(usage, 11, 14, 300);
  EXPECT_EQ(usage.Mean(absl::Seconds(14))->millicores, 300);
}

// A pod is seen, then held for two minutes, then missing: never a freeze.
TEST(UsageWindowTest, HoldsForAWhile) {
  UsageWindow usage;
  EXPECT_EQ(usage.SightAt(kStart, kFreshSample), UsageWindow::Sight::kMissing);
  AddSeconds(usage, 0, 10, 300);
  EXPECT_EQ(usage.SightAt(At(15), kFreshSample), UsageWindow::Sight::kSeen);
  EXPECT_EQ(usage.SightAt(At(15.1), kFreshSample), UsageWindow::Sight::kHeld);
  EXPECT_EQ(usage.SightAt(At(15.1), kFreshVirtualSample), UsageWindow::Sight::kSeen);
  EXPECT_EQ(usage.SightAt(At(135), kFreshSample), UsageWindow::Sight::kHeld);
  EXPECT_EQ(usage.SightAt(At(135.1), kFreshSample), UsageWindow::Sight::kMissing);

  PodLoad pod;
  Show(usage, absl::Seconds(2), kFreshSample, At(60), pod);
  EXPECT_TRUE(pod.held);
  EXPECT_EQ(pod.sample->millicores, 300);
  Show(usage, absl::Seconds(2), kFreshSample, At(200), pod);
  EXPECT_FALSE(pod.held);
  EXPECT_FALSE(pod.sample);
}

// However often samples come, memory is bounded.
TEST(UsageWindowTest, KeepsALimitedNumber) {
  UsageWindow usage;
  for (int i = 1; i <= 10000; ++i) usage.Add({100, At(i * 0.01), absl::Milliseconds(10)});
  EXPECT_LE(usage.Mean(absl::Hours(1))->window, absl::Milliseconds(10) * kMostSamples);
  UsageWindow slow;
  for (int i = 1; i <= 100; ++i) slow.Add({100, At(i * 60), absl::Seconds(60)});
  EXPECT_LE(slow.Mean(absl::Hours(1))->window, kLongestWindow + absl::Seconds(60));
}

}  // namespace
}  // namespace evenkeel::coordinator
