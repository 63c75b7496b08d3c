// A panic begins at a sudden rise, is latched, takes nothing away, and ends after a calm window.

#include "coordinator/core/scale/panic.h"

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);

Demand Of(double ratio, DemandFinding finding, int64_t replicas, size_t down = 0) {
  Demand demand;
  demand.down = down;
  demand.finding = finding;
  demand.ratio = demand.full_ratio = ratio;
  demand.counted = 4;
  demand.replicas = replicas;
  return demand;
}

// What calls for a panic, by table.
TEST(PanicTest, CausesByTable) {
  const struct {
    const char* what;
    Demand demand;
    std::optional<int64_t> throttled;
    PanicCause cause;
  } table[] = {
      {"calm", Of(1.0, DemandFinding::kWithinTolerance, 4), {}, PanicCause::kNone},
      {"above, not by much", Of(1.49, DemandFinding::kAbove, 6), {}, PanicCause::kNone},
      {"half as much again", Of(1.5, DemandFinding::kAbove, 6), {}, PanicCause::kLoad},
      {"the same while pods are starting", Of(1.5, DemandFinding::kStarting, 4), {}, PanicCause::kLoad},
      {"throttled and above", Of(1.2, DemandFinding::kAbove, 5), 25, PanicCause::kThrottling},
      {"throttled a little", Of(1.2, DemandFinding::kAbove, 5), 24, PanicCause::kNone},
      {"throttled at the target", Of(1.05, DemandFinding::kWithinTolerance, 4), 90, PanicCause::kNone},
      {"a pod is down, the others above", Of(1.2, DemandFinding::kAbove, 6, 1), {}, PanicCause::kDeath},
      {"a pod is down at the target", Of(1.05, DemandFinding::kWithinTolerance, 4, 1), {}, PanicCause::kNone},
      {"nothing is seen", {}, 90, PanicCause::kNone},
  };
  for (const auto& row : table) {
    EXPECT_EQ(PanicCauseOf(PanicRules{}, row.demand, row.throttled), row.cause) << row.what;
    EXPECT_EQ(PanicCauseOf(PanicRules{.enabled = false}, row.demand, row.throttled), PanicCause::kNone);
  }
}

// It lasts until a whole stable window has passed since it was last called for; each call begins that anew.
TEST(PanicTest, LastsForACalmWindow) {
  const PanicRules rules;
  std::optional<Panic> panic;
  UpdatePanic(panic, rules, PanicCause::kLoad, true, 4, kStart);
  ASSERT_TRUE(panic);
  EXPECT_EQ(*panic, (Panic{.began = kStart, .last = kStart, .floor = 4}));
  UpdatePanic(panic, rules, PanicCause::kNone, true, 6, kStart + absl::Seconds(59));
  UpdatePanic(panic, rules, PanicCause::kLoad, true, 6, kStart + absl::Seconds(60));
  EXPECT_EQ(*panic, (Panic{.began = kStart, .last = kStart + absl::Seconds(60), .floor = 4}));
  UpdatePanic(panic, rules, PanicCause::kNone, true, 6, kStart + absl::Seconds(120));
  EXPECT_TRUE(panic);
  UpdatePanic(panic, rules, PanicCause::kNone, true, 6, kStart + absl::Seconds(121));
  EXPECT_FALSE(panic);
}

// Losing all samples does not end it.
TEST(PanicTest, BlindnessDoesNotEndIt) {
  std::optional<Panic> panic;
  UpdatePanic(panic, PanicRules{}, PanicCause::kLoad, true, 4, kStart);
  UpdatePanic(panic, PanicRules{}, PanicCause::kNone, false, 4, kStart + absl::Hours(1));
  EXPECT_TRUE(panic);
  UpdatePanic(panic, PanicRules{}, PanicCause::kNone, true, 4, kStart + absl::Hours(1));
  EXPECT_FALSE(panic);
}

// A policy that turns it off ends it.
TEST(PanicTest, EndsWithThePolicy) {
  std::optional<Panic> panic;
  UpdatePanic(panic, PanicRules{}, PanicCause::kLoad, true, 4, kStart);
  UpdatePanic(panic, PanicRules{.enabled = false}, PanicCause::kLoad, true, 4, kStart);
  EXPECT_FALSE(panic);
}

// It goes by the larger of both windows, and never back.
TEST(PanicTest, NeverTakesAway) {
  Panic panic{.began = kStart, .last = kStart, .floor = 4};
  EXPECT_EQ(WantedInPanic(panic, 3, 8), 8);
  EXPECT_EQ(WantedInPanic(panic, 2, 2), 8);
  EXPECT_EQ(WantedInPanic(panic, 9, 2), 9);
  EXPECT_EQ(panic.floor, 9);
}

}  // namespace
}  // namespace evenkeel::coordinator
