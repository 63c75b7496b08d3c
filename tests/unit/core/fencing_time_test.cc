// How long is waited before an agent is believed to have fenced its node (L5).

#include "coordinator/core/fencing_time.h"

#include <optional>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

TEST(FencingTimeTest, IsolationIsAtLeastThirtyBeats) {
  const struct {
    std::optional<absl::Duration> policy;
    absl::Duration beat;
    absl::Duration expected;
  } table[] = {
      {std::nullopt, absl::Milliseconds(200), absl::Seconds(20)},
      {std::nullopt, absl::Seconds(1), absl::Seconds(30)},
      {absl::Seconds(8), absl::Milliseconds(200), absl::Seconds(8)},
      {absl::Seconds(8), absl::Seconds(1), absl::Seconds(30)},
      {absl::Minutes(3), absl::Seconds(5), absl::Minutes(3)},
  };
  for (const auto& row : table) {
    FencingPolicy policy;
    policy.isolation_timeout = row.policy;
    EXPECT_EQ(IsolationTimeout(policy, row.beat), row.expected);
  }
}

TEST(FencingTimeTest, TheMinimumCountsEverythingThatTheAgentMayTake) {
  const struct {
    absl::Duration isolation;
    absl::Duration stop;
    std::optional<absl::Duration> watchdog;
    absl::Duration expected;
  } table[] = {
      {absl::Seconds(20), absl::Seconds(10), std::nullopt, absl::Milliseconds(30'550)},
      {absl::Seconds(20), absl::Seconds(10), absl::Seconds(10), absl::Milliseconds(50'750)},
      {absl::Seconds(6), absl::Seconds(4), absl::Seconds(5), absl::Milliseconds(20'450)},
      {absl::Minutes(10), absl::Minutes(2), absl::Minutes(5), absl::Milliseconds(1'333'450)},
  };
  for (const auto& row : table) {
    const ArmedFence fence{.isolation_timeout = row.isolation,
                           .stop_timeout = row.stop,
                           .watchdog_timeout = row.watchdog,
                           .pods = {}};
    EXPECT_LT(absl::AbsDuration(EnforcedMinimum(fence) - row.expected), absl::Milliseconds(1));
  }
}

TEST(FencingTimeTest, ItIsBelievedFromTheLastWordOn) {
  const ArmedFence fence{.isolation_timeout = absl::Seconds(20),
                         .stop_timeout = absl::Seconds(10),
                         .watchdog_timeout = {},
                         .pods = {}};
  const absl::Time beat = absl::FromUnixSeconds(1000);
  const absl::Duration minimum = EnforcedMinimum(fence);
  EXPECT_EQ(BelievedFrom(fence, beat, {}), beat + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat - absl::Seconds(5)}), beat + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat + absl::Seconds(1), beat + absl::Seconds(3)}),
            beat + absl::Seconds(3) + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat + absl::Seconds(1), std::nullopt}), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator
