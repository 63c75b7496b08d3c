// A burst's consumption and cost: whole numbers, nothing lost by rounding, counted on over a restart.

#include "coordinator/core/burst/ledger.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr int64_t kMib = int64_t{1} << 20;
// A cent for a core an hour, a tenth of that for a GiB.
const BurstPrices kPrices{.core_hour_micros = 10'000, .gib_hour_micros = 1'000, .currency = "USD"};

Resources Pods(int64_t pods) {
  return {.cpu_millicores = 200 * pods, .memory_bytes = 32 * kMib * pods, .pods = pods};
}

// The first pod begins it, the last one's end ends it and tells the whole of it.
TEST(LedgerTest, BeginsAndEndsWithItsPods) {
  BurstLedger ledger;
  EXPECT_EQ(NoteUse(ledger, Pods(0), kStart), std::nullopt);
  EXPECT_FALSE(ledger.began);
  EXPECT_EQ(NoteUse(ledger, Pods(2), kStart), std::nullopt);
  EXPECT_EQ(ledger.began, kStart);
  EXPECT_EQ(NoteUse(ledger, Pods(16), kStart + absl::Seconds(1)), std::nullopt);
  EXPECT_EQ(NoteUse(ledger, Pods(3), kStart + absl::Seconds(11)), std::nullopt);
  const auto ended = NoteUse(ledger, Pods(0), kStart + absl::Seconds(12));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->began, kStart);
  EXPECT_EQ(ended->peak_pods, 16);
  EXPECT_EQ(ended->pod_ms, 2 * 1000 + 16 * 10'000 + 3 * 1000);
  EXPECT_EQ(ended->cpu_millicore_ms, 200 * ended->pod_ms);
  EXPECT_EQ(ended->memory_mib_ms, 32 * ended->pod_ms);
  EXPECT_EQ(ledger, BurstLedger{});
}

// A clock that was set back between two runs: it began no later than now, and what was counted stays.
TEST(LedgerTest, BeginsNotInTheFuture) {
  BurstLedger ledger;
  EXPECT_EQ(NoteUse(ledger, Pods(2), kStart), std::nullopt);
  CountUp(ledger, kStart + absl::Minutes(1));
  const int64_t counted = ledger.pod_ms;
  const absl::Time earlier = kStart - absl::Hours(5);
  BoundLedger(ledger, earlier);
  EXPECT_EQ(ledger.began, earlier);
  EXPECT_EQ(ledger.counted, earlier);
  EXPECT_EQ(ledger.pod_ms, counted);
  BoundLedger(ledger, kStart);
  EXPECT_EQ(ledger.began, earlier);
  BurstLedger none;
  BoundLedger(none, kStart);
  EXPECT_FALSE(none.began);
}

// Without a pod it goes on at no cost while it lasts.
TEST(LedgerTest, MayLastWithoutPods) {
  BurstLedger ledger;
  NoteUse(ledger, Pods(2), kStart);
  EXPECT_EQ(NoteUse(ledger, Pods(0), kStart + absl::Seconds(10), true), std::nullopt);
  EXPECT_EQ(ledger.began, kStart);
  const auto ended = NoteUse(ledger, Pods(0), kStart + absl::Seconds(60));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->pod_ms, 2 * 10'000);
  EXPECT_EQ(ended->counted, kStart + absl::Seconds(10));
}

// Sixteen pods of 200m and 32 MiB for an hour: 3.2 core-hours and half a GiB-hour.
TEST(LedgerTest, CostsWhatThePricesSay) {
  BurstLedger ledger;
  NoteUse(ledger, Pods(16), kStart);
  CountUp(ledger, kStart + absl::Hours(1));
  EXPECT_EQ(CostMicros(ledger, kPrices), 32'000 + 500);
  EXPECT_EQ(MicrosPerHour(ledger.use, kPrices), 32'000 + 500);
  EXPECT_EQ(CostMicros(ledger, {}), 0);
}

// However often it is counted up, and at whatever fractions of a millisecond, it comes to the same.
TEST(LedgerTest, ManySmallStepsCostWhatOneLargeOneDoes) {
  BurstLedger one;
  BurstLedger many;
  NoteUse(one, Pods(7), kStart);
  NoteUse(many, Pods(7), kStart);
  for (int i = 1; i <= 100'000; ++i) CountUp(many, kStart + absl::Microseconds(333) * i);
  CountUp(one, kStart + absl::Microseconds(33'300'000));
  EXPECT_EQ(many, one);
}

// A clock that was set back between two runs costs nothing, and the time after it counts again.
TEST(LedgerTest, AClockThatWasSetBackIsNoTime) {
  BurstLedger ledger;
  NoteUse(ledger, Pods(1), kStart);
  CountUp(ledger, kStart + absl::Seconds(10));
  CountUp(ledger, kStart - absl::Hours(1));
  EXPECT_EQ(ledger.pod_ms, 10'000);
  CountUp(ledger, kStart - absl::Hours(1) + absl::Seconds(5));
  EXPECT_EQ(ledger.pod_ms, 15'000);
}

}  // namespace
}  // namespace evenkeel::coordinator
