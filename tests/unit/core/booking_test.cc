// What the budget of disruptions per time remembers, and for how long.

#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

// What was booked for a longer window refuses for no longer than the new one.
TEST_F(StepTest, AShorterWindowShortensWhatIsBooked) {
  Raise(3);
  Enforce({.max_disruptions = 1, .disruption_window = absl::Hours(24)});
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(cluster_.booked_until, now_ + absl::Hours(24));
  Enforce({.max_disruptions = 1, .disruption_window = absl::Minutes(5)});
  EXPECT_EQ(cluster_.booked_until, now_ + absl::Minutes(5));
}

// A clock that was ahead at an earlier run leaves nothing behind that refuses until it is that late again.
TEST_F(StepTest, WhatLiesInTheFutureIsBoundedAtTheStart) {
  ClusterRecord record;
  record.cluster = "local";
  record.booked_until = now_ + absl::Hours(72);
  record.domain_booked_until["a"] = now_ + absl::Hours(72);
  record.storm = now_ + absl::Hours(72);
  Restored restored;
  restored.epoch = 2;
  restored.clusters.push_back(record);
  Core core(restored, now_);
  Keep(core.Step(ClusterAdded{"local"}, now_));
  const absl::Duration window = DisruptionLimits{}.disruption_window;
  EXPECT_EQ(cluster_.booked_until, now_ + window);
  EXPECT_EQ(cluster_.domain_booked_until.at("a"), now_ + window);
  EXPECT_EQ(cluster_.storm, now_);
}

// L6: what is booked of the rate is in the writes of the step that opens the decision.
TEST_F(StepTest, ADisruptionIsBookedWithItsIntent) {
  Raise(3);
  Enforce({.max_disruptions = 2, .disruption_window = absl::Minutes(10)});
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(cluster_.booked_until, now_ + absl::Minutes(5));
  EXPECT_TRUE(cluster_.domain_booked_until.empty());  // no zones are known
}

}  // namespace
}  // namespace evenkeel::coordinator
