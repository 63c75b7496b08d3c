// Caps in pods, CPU, time and money: each refuses with its figures, at its border and not before it.

#include "coordinator/core/burst/caps.h"

#include "coordinator/core/burst/money.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr Resources kEach{.cpu_millicores = 200, .memory_bytes = int64_t{32} << 20, .pods = 1};
const BurstPrices kPrices{.core_hour_micros = 40'000, .gib_hour_micros = 0, .currency = "USD"};

Resources Pods(int64_t pods) {
  return {.cpu_millicores = 200 * pods, .memory_bytes = (int64_t{32} << 20) * pods, .pods = pods};
}

BurstLedger Running(int64_t pods, absl::Duration lasted = absl::ZeroDuration()) {
  BurstLedger ledger;
  NoteUse(ledger, Pods(pods), kStart);
  CountUp(ledger, kStart + lasted);
  return ledger;
}

// Nothing is refused where nothing is capped.
TEST(CapsTest, WithoutCapsEverythingIsAllowed) {
  EXPECT_TRUE(AskCaps({}, kPrices, Running(1000, absl::Hours(1000)), Pods(1000), kStart).allowed);
  EXPECT_EQ(PodsAllowed({}, kPrices, {}, kEach, 500, kStart), 500);
  EXPECT_EQ(UsedUpAt({}, kPrices, Running(5)), absl::InfiniteFuture());
}

// The last pod that fits is allowed, the first that does not is refused, in pods and in CPU.
TEST(CapsTest, PodsAndCpuHaveExactBorders) {
  const BurstCaps pods{.pods = 16};
  EXPECT_TRUE(AskCaps(pods, kPrices, Running(10), Pods(6), kStart).allowed);
  const CapAnswer more = AskCaps(pods, kPrices, Running(10), Pods(7), kStart);
  EXPECT_FALSE(more.allowed);
  EXPECT_EQ(more.cap, BurstCap::kPods);
  EXPECT_FALSE(more.used_up);
  EXPECT_EQ(more.reason, "7 pods more would make 17 on virtual nodes, and no more than 16 are allowed");
  EXPECT_EQ(PodsAllowed(pods, kPrices, Running(10), kEach, 100, kStart), 6);
  EXPECT_EQ(PodsAllowed(pods, kPrices, Running(20), kEach, 100, kStart), 0);

  const BurstCaps cpu{.cpu_millicores = 1000};
  EXPECT_TRUE(AskCaps(cpu, kPrices, Running(2), Pods(3), kStart).allowed);
  EXPECT_EQ(AskCaps(cpu, kPrices, Running(2), Pods(4), kStart).cap, BurstCap::kCpu);
  EXPECT_EQ(PodsAllowed(cpu, kPrices, Running(2), kEach, 100, kStart), 3);
}

// When its time is up, nothing has a right to be there any more.
TEST(CapsTest, TimeIsUsedUp) {
  const BurstCaps caps{.duration = absl::Hours(2)};
  EXPECT_TRUE(AskCaps(caps, kPrices, Running(4), Pods(1), kStart + absl::Minutes(119)).allowed);
  const CapAnswer late = AskCaps(caps, kPrices, Running(4), Pods(0), kStart + absl::Hours(2));
  EXPECT_FALSE(late.allowed);
  EXPECT_EQ(late.cap, BurstCap::kDuration);
  EXPECT_TRUE(late.used_up);
  EXPECT_EQ(UsedUpAt(caps, kPrices, Running(4)), kStart + absl::Hours(2));
}

// What is asked for must be payable for ten minutes; what is spent is used up.
TEST(CapsTest, MoneyIsAskedAtTheSizeAskedFor) {
  // Five pods are a core: 0.04 USD an hour. A hundredth of a dollar pays 1.5 cores for ten minutes.
  const BurstCaps caps{.cost_micros = 10'000};
  EXPECT_TRUE(AskCaps(caps, kPrices, {}, Pods(7), kStart).allowed);
  EXPECT_EQ(PodsAllowed(caps, kPrices, {}, kEach, 100, kStart), 7);
  const CapAnswer more = AskCaps(caps, kPrices, {}, Pods(8), kStart);
  EXPECT_EQ(more.cap, BurstCap::kCost);
  EXPECT_FALSE(more.used_up);

  // Five pods for fifteen minutes have spent it.
  const BurstLedger spent = Running(5, absl::Minutes(15));
  const CapAnswer up = AskCaps(caps, kPrices, spent, Pods(0), spent.counted);
  EXPECT_TRUE(up.used_up);
  EXPECT_EQ(up.reason, "this burst has cost 0.0100 USD, and no more than 0.0100 USD are allowed");
  EXPECT_EQ(UsedUpAt(caps, kPrices, Running(5)), kStart + absl::Minutes(15) + absl::Milliseconds(1));
  // What is there may stay until then, though no more of it may come.
  EXPECT_TRUE(AskCaps(caps, kPrices, Running(5, absl::Minutes(14)), Pods(0), kStart).allowed);
  EXPECT_FALSE(AskCaps(caps, kPrices, Running(5, absl::Minutes(14)), Pods(1), kStart).allowed);
}

// The number of pods that is allowed is the largest that is, by every cap, for many states.
TEST(CapsTest, TheNumberAllowedIsTheLargest) {
  for (int64_t there = 0; there <= 12; there += 3) {
    for (int64_t cap = 0; cap <= 12; cap += 2) {
      const BurstCaps caps{.pods = cap, .cpu_millicores = 1500, .duration = {}, .cost_micros = 12'000};
      const BurstLedger ledger = there == 0 ? BurstLedger{} : Running(there, absl::Minutes(2));
      const int64_t most = PodsAllowed(caps, kPrices, ledger, kEach, 20, kStart);
      if (most > 0) {
        EXPECT_TRUE(AskCaps(caps, kPrices, ledger, Pods(most), kStart).allowed);
      }
      EXPECT_FALSE(AskCaps(caps, kPrices, ledger, Pods(most + 1), kStart).allowed) << there << " " << cap;
    }
  }
}

TEST(MoneyTest, IsSaidWithAsManyFiguresAsMatter) {
  const struct {
    int64_t micros;
    const char* said;
  } table[] = {{0, "0 USD"},
               {-5, "0 USD"},
               {12, "0.000012 USD"},
               {13'400, "0.0134 USD"},
               {250'000, "0.250 USD"},
               {1'000'000, "1.00 USD"},
               {2'505'000, "2.50 USD"},
               {17'250'000, "17.25 USD"},
               {1'234'567'890, "1235 USD"}};
  for (const auto& row : table) EXPECT_EQ(SayMoney(row.micros, "USD"), row.said) << row.micros;
  EXPECT_EQ(SayMoney(1'500'000, ""), "1.50");
}

}  // namespace
}  // namespace evenkeel::coordinator
