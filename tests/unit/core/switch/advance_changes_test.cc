// What a switch makes of routes that somebody else has changed, or a reload: it asks, heals, or leaves them
// (L10).

#include "coordinator/core/switch/advance.h"

#include "coordinator/core/switch/shapes.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/switch_world.h"

namespace evenkeel::coordinator {
namespace {

using AdvanceChangesTest = SwitchWorld;

// Somebody else's weight stops the switch; what was found is left as it is until an operator goes on from
// there.
TEST_F(AdvanceChangesTest, StopsForAForeignChange) {
  Begin(Quick());
  PassToStep(1);
  gateway_[kWeb].backends["west"].percent = 30;
  gateway_[kWeb].backends["east"].percent = 70;
  const size_t wishes = wishes_.size();
  Pass(absl::Minutes(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
  EXPECT_NE(record_.stop->reason.find("30 % green and 70 % blue instead of 50 % green"), std::string::npos)
      << record_.stop->reason;
  EXPECT_EQ(wishes_.size(), wishes);
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
}

// A change between the reading and the write is not written over either.
TEST_F(AdvanceChangesTest, StopsForAChangeJustBeforeAWrite) {
  Begin(Quick());
  PassToStep(1);
  Pass(absl::Milliseconds(9900));
  ASSERT_EQ(record_.step, 1u);
  record_.routes[kWeb].read.backends["west"].percent = 49;  // as if it had been read before the change
  now_ += kLook;
  Look();
  ASSERT_EQ(record_.step, 2u);
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
  EXPECT_EQ(Green(), 50u);
}

// Also where it has stopped already, and its wish is to be written once more: not again and again, and from
// then on it is the change that it asks about.
TEST_F(AdvanceChangesTest, StopsForAChangeWhileItIsPaused) {
  Begin(Quick());
  PassToStep(1);
  SwitchMoves moves;
  ASSERT_TRUE(PauseSwitch(record_, memory_, Sight(), "", moves).ok());
  gateway_[kWeb].backends["west"].percent = 20;
  gateway_[kWeb].backends["east"].percent = 80;
  RestoreSwitch(record_, memory_, now_);
  const size_t wishes = wishes_.size();
  Pass(absl::Seconds(5));
  EXPECT_LE(wishes_.size(), wishes + 1);
  EXPECT_EQ(Green(), 20u);
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
}

// While another's change of one route is asked about, nothing is said to be written of another that was
// reloaded, and no healing is spent on it.
TEST_F(AdvanceChangesTest, HealsNothingWhileItAsks) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  const RouteKey api = spec.routes[1].key;
  Begin(spec);
  PassToStep(1);
  gateway_[kWeb].backends["west"].percent = 30;
  gateway_[kWeb].backends["east"].percent = 70;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  gateway_[api] = AReading(0);
  gateway_[api].instance = "pid 8";
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green("api"), 0u);
  EXPECT_FALSE(Happened("it is written again"));
  EXPECT_EQ(record_.routes.at(api).heals, 0u);
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green("api"), 50u);
}

// While people are asked what is to become of a green that fails, nothing is given back to it that somebody
// has taken from it, also after a restart; when it goes on, it is healed.
TEST_F(AdvanceChangesTest, LeavesAFailingGreenAsSomebodyHasMadeIt) {
  Begin(Quick());
  record_.spec.on_foreign_change = OnForeignChange::kHeal;
  record_.spec.steps[1].soak = absl::Minutes(1);
  PassToStep(1);
  Pass(absl::Seconds(2));
  green_fails_percent_ = blue_fails_percent_ = 60;
  Pass(absl::Seconds(5));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.stop->cause, StopCause::kWayBack);
  gateway_[kWeb].backends["west"].percent = 20;
  gateway_[kWeb].backends["east"].percent = 80;
  Pass(absl::Seconds(2));
  EXPECT_EQ(Green(), 20u);
  RestoreSwitch(record_, memory_, now_);
  Pass(absl::Seconds(2));
  EXPECT_EQ(Green(), 20u);
  green_fails_percent_ = blue_fails_percent_ = 0;
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  Pass(absl::Seconds(2));
  EXPECT_EQ(Green(), 50u);
}

// The same where the rule is to stop, and the change comes while no coordinator looks: a reload has gone back
// to the first weights, and the restored wish is not written over them.
TEST_F(AdvanceChangesTest, LeavesAFailingGreenAsAReloadHasMadeItUnseen) {
  Begin(Quick());
  record_.spec.on_foreign_change = record_.spec.on_reload = OnForeignChange::kHeal;
  record_.spec.on_failed_gate = OnFailedGate::kStop;
  PassToStep(1);
  Pass(absl::Seconds(2));
  green_fails_percent_ = 60;
  Pass(absl::Seconds(5));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.stop->cause, StopCause::kGates);
  gateway_[kWeb].backends["west"].percent = 0;
  gateway_[kWeb].backends["east"].percent = 100;
  gateway_[kWeb].instance = "pid 8";
  RestoreSwitch(record_, memory_, now_);
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green(), 0u);
  EXPECT_EQ(record_.stop->cause, StopCause::kGates);
  SwitchMoves moves;
  ASSERT_TRUE(RollBackSwitch(record_, memory_, Sight(), "", false, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// By the rule it is healed instead; a quarrel is not.
TEST_F(AdvanceChangesTest, HealsUpToALimit) {
  Begin(Quick());
  record_.spec.on_foreign_change = OnForeignChange::kHeal;
  record_.spec.steps[1].soak = absl::Hours(1);
  PassToStep(1);
  for (uint32_t i = 0; i < kMostHeals; ++i) {
    gateway_[kWeb].backends["west"].percent = 30;
    Pass(absl::Seconds(1));
    ASSERT_EQ(Green(), 50u);
    ASSERT_FALSE(record_.stop);
  }
  gateway_[kWeb].backends["west"].percent = 30;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
}

// A reload that lost the weights is healed, one that kept them is told, and the counters go on over both.
TEST_F(AdvanceChangesTest, LivesThroughReloads) {
  Begin(Quick());
  PassToStep(1);
  gateway_[kWeb] = AReading(0);
  gateway_[kWeb].instance = "pid 8";
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
  EXPECT_FALSE(record_.stop);
  EXPECT_TRUE(Happened("the gateway was reloaded and it has 0 % green"));
  gateway_[kWeb].instance = "pid 9";
  Pass(absl::Seconds(1));
  EXPECT_TRUE(Happened("was reloaded and has kept its weights"));
  Pass(absl::Minutes(2));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
}

// What a reload did while nobody looked is healed as well, and is nobody's change.
TEST_F(AdvanceChangesTest, HealsAReloadDuringARestart) {
  Begin(Quick());
  PassToStep(1);
  RestoreSwitch(record_, memory_, now_);
  gateway_[kWeb] = AReading(0);
  gateway_[kWeb].instance = "pid 8";
  Pass(absl::Seconds(1));
  EXPECT_FALSE(record_.stop);
  EXPECT_EQ(Green(), 50u);
}

// L10: green dies while no coordinator looks. One route cannot be read back, so that no gate is asked; what a
// reload has taken from green on the other is not given back to it, and the step fails.
TEST_F(AdvanceChangesTest, GivesNothingBackToADeadGreenAfterARestart) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  const RouteKey api = spec.routes[1].key;
  Begin(spec);
  PassToStep(1);
  RestoreSwitch(record_, memory_, now_);
  gateway_[api] = AReading(0);
  gateway_[api].instance = "pid 8";
  gateway_[api].backends["west"].servers_up = 0;
  gateway_[kWeb].backends["west"].servers_up = 0;
  deaf_.insert(kWeb);
  Pass(absl::Milliseconds(500));
  EXPECT_EQ(Green("api"), 0u);
  EXPECT_EQ(memory_.waits_for, "a server of green that answers gateway edge");
  Pass(absl::Seconds(2));
  EXPECT_EQ(record_.phase, SwitchPhase::kRollingBack);
  EXPECT_EQ(Green("api"), 0u);
  EXPECT_TRUE(Happened("none of its servers answers gateway edge"));
}

// One that is missed for a moment only, as checks are after a reload, is given back what it had.
TEST_F(AdvanceChangesTest, GivesBackToAGreenThatWasMissedForAMoment) {
  Begin(Quick());
  PassToStep(1);
  RestoreSwitch(record_, memory_, now_);
  gateway_[kWeb] = AReading(0);
  gateway_[kWeb].instance = "pid 8";
  gateway_[kWeb].backends["west"].servers_up = 0;
  Pass(absl::Milliseconds(500));
  EXPECT_EQ(Green(), 0u);
  gateway_[kWeb].backends["west"].servers_up = 3;
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
  EXPECT_FALSE(record_.stop);
}

}  // namespace
}  // namespace evenkeel::coordinator
