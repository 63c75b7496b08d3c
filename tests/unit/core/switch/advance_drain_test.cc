// How a switch drains blue, and closes it: by what the gateway counts, and nothing is cut that was not
// allowed (L10).

#include "coordinator/core/switch/advance.h"

#include "coordinator/core/switch/shapes.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/switch_world.h"

namespace evenkeel::coordinator {
namespace {

using AdvanceDrainTest = SwitchWorld;

// It is drained when the gateway counts nothing in flight for a while, and not before.
TEST_F(AdvanceDrainTest, DrainsByTheGatewaysCount) {
  Begin(Quick());
  gateway_[kWeb].backends["east"].in_flight = 2;
  PassUntil(SwitchPhase::kDraining);
  Pass(absl::Seconds(20));
  EXPECT_EQ(record_.phase, SwitchPhase::kDraining);
  EXPECT_EQ(memory_.waits_for, "2 requests in flight at blue");
  gateway_[kWeb].backends["east"].in_flight = 0;
  Pass(absl::Milliseconds(400));
  EXPECT_EQ(record_.phase, SwitchPhase::kDraining);
  Pass(absl::Milliseconds(300));
  EXPECT_EQ(record_.phase, SwitchPhase::kHolding);
  EXPECT_TRUE(record_.drained);
}

// What does not end is left alone where blue stays open.
TEST_F(AdvanceDrainTest, LeavesWhatDoesNotEnd) {
  Begin(Quick());
  gateway_[kWeb].backends["east"].in_flight = 2;
  Pass(absl::Minutes(3));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_FALSE(record_.drained);
  EXPECT_EQ(gateway_[kWeb].backends["east"].mode, BackendMode::kDraining);
  EXPECT_TRUE(Happened("After 60 s blue still has 2 requests in flight at blue"));
}

// Blue is closed when nothing is in flight there.
TEST_F(AdvanceDrainTest, ClosesAnEmptyBlue) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  Pass(absl::Minutes(2));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(gateway_[kWeb].backends["east"].mode, BackendMode::kClosed);
}

// Also long after its drain was to end: what is empty is closed without a question.
TEST_F(AdvanceDrainTest, ClosesAnEmptyBlueAfterALongHold) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  record_.spec.hold.length = absl::Minutes(10);
  Pass(absl::Minutes(12));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted) << (record_.stop ? record_.stop->reason : "");
  EXPECT_EQ(gateway_[kWeb].backends["east"].mode, BackendMode::kClosed);
}

// A drain that empties blue at its very end is a drain that was proven.
TEST_F(AdvanceDrainTest, WaitsForWhatHasJustEmptied) {
  Begin(Quick());
  gateway_[kWeb].backends["east"].in_flight = 1;
  PassUntil(SwitchPhase::kDraining);
  Pass(record_.spec.drain.deadline - kLook * 2);
  gateway_[kWeb].backends["east"].in_flight = 0;
  PassUntil(SwitchPhase::kHolding);
  EXPECT_TRUE(record_.drained);
  EXPECT_FALSE(Happened("it is left alone"));
}

// L10: nothing in flight is cut but what was counted, shown and allowed.
TEST_F(AdvanceDrainTest, CutsOnlyWhatWasAllowed) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  gateway_[kWeb].backends["east"].in_flight = 3;
  Pass(absl::Minutes(3));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kDrain);
  EXPECT_EQ(record_.stop->reason, "closing blue would cut 3 requests in flight at blue");
  SwitchMoves moves;
  EXPECT_FALSE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
  EXPECT_FALSE(ResumeSwitch(record_, memory_, Sight(), 2, moves).ok());
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), 3, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(wishes_.back().may_cut, 3u);
}

// Of all routes together no more than that.
TEST_F(AdvanceDrainTest, CutsNoMoreOnAllRoutesThanWasAllowed) {
  SwitchSpec spec = Quick();
  spec.routes.push_back(spec.routes[0]);
  spec.routes[1].key.route = "api";
  spec.hold.close_blue = true;
  Begin(spec);
  gateway_[kWeb].backends["east"].in_flight = 3;
  Pass(absl::Minutes(3));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.stop->cause, StopCause::kDrain);
  SwitchMoves moves;
  ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), 3, moves).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  ASSERT_GE(wishes_.size(), 2u);
  uint64_t may_cut = 0;
  for (size_t i = wishes_.size() - 2; i < wishes_.size(); ++i) {
    EXPECT_EQ(wishes_[i].may_cut, wishes_[i].key == kWeb ? 3u : 0u);
    may_cut += wishes_[i].may_cut;
  }
  EXPECT_EQ(may_cut, 3u);
}

// L10: what came to blue after its drain had begun, through a reload of the gateway, is given the whole
// drain's time before it is cut.
TEST_F(AdvanceDrainTest, DrainsAnewWhatCameByAReload) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  record_.spec.hold.length = absl::Minutes(2);
  record_.spec.drain.at_deadline = AtDrainDeadline::kCut;
  PassUntil(SwitchPhase::kHolding);
  EXPECT_TRUE(record_.drained);
  Pass(record_.hold_until - now_ - absl::Seconds(2));
  gateway_[kWeb] = AReading(0);
  gateway_[kWeb].instance = "pid 8";
  gateway_[kWeb].backends["east"].in_flight = 30;
  Pass(absl::Seconds(1));
  ASSERT_EQ(Green(), 100u);
  EXPECT_FALSE(record_.drained);
  Pass(absl::Seconds(50));
  EXPECT_EQ(record_.phase, SwitchPhase::kCommitting);
  EXPECT_EQ(wishes_.back().may_cut, 0u);
  Pass(absl::Seconds(20));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(wishes_.back().may_cut, 30u);
}

// Who waits instead cuts nothing: it goes on when nothing is in flight any more.
TEST_F(AdvanceDrainTest, GoesOnWhenWhatWouldBeCutHasEnded) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  gateway_[kWeb].backends["east"].in_flight = 3;
  Pass(absl::Minutes(3));
  ASSERT_TRUE(record_.stop);
  gateway_[kWeb].backends["east"].in_flight = 0;
  Pass(absl::Seconds(2));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(wishes_.back().may_cut, 0u);
  EXPECT_TRUE(Happened("Nothing is in flight at blue any more: it goes on"));
}

// While it waits for what blue has in flight the way back is open, and is taken where green fails.
TEST_F(AdvanceDrainTest, GoesBackWhileItWaitsToCloseBlue) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  gateway_[kWeb].backends["east"].in_flight = 3;
  Pass(absl::Minutes(3));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.phase, SwitchPhase::kCommitting);
  green_fails_percent_ = 100;
  Pass(absl::Seconds(30));
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack) << Word(record_.phase);
  EXPECT_EQ(Green(), 0u);
}

// By the rule, as many as are counted at that instant.
TEST_F(AdvanceDrainTest, CutsByTheRule) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  record_.spec.drain.at_deadline = AtDrainDeadline::kCut;
  gateway_[kWeb].backends["east"].in_flight = 3;
  Pass(absl::Minutes(3));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(wishes_.back().may_cut, 3u);
  EXPECT_TRUE(Happened("Closing blue cuts at most 3 requests in flight at blue"));
}

// A request that comes to blue at the last instant keeps it open until it has ended.
TEST_F(AdvanceDrainTest, DoesNotCloseWhatFillsAgain) {
  Begin(Quick());
  record_.spec.hold.close_blue = true;
  PassUntil(SwitchPhase::kCommitting);
  PassUntilCommitIsWished();
  answers_[kWeb] = WriteState::kBlocked;  // the write finds what the look did not
  ASSERT_EQ(record_.phase, SwitchPhase::kCommitting);
  Look();
  EXPECT_FALSE(record_.commit_wished);
  Pass(absl::Seconds(5));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_EQ(gateway_[kWeb].backends["east"].mode, BackendMode::kClosed);
}

// Somebody else's change just before the commit is written is that, whether the commit closes blue or not: it
// is not tried again and again.
TEST_F(AdvanceDrainTest, StopsForAChangeJustBeforeTheCommit) {
  for (const bool close_blue : {false, true}) {
    Begin(Quick());
    record_.spec.hold.close_blue = close_blue;
    PassUntil(SwitchPhase::kCommitting);
    PassUntilCommitIsWished();
    gateway_[kWeb].backends["west"].percent = 30;
    gateway_[kWeb].backends["east"].percent = 70;
    answers_[kWeb] = WriteState::kBlocked;
    const size_t wishes = wishes_.size();
    Pass(absl::Seconds(5));
    ASSERT_TRUE(record_.stop) << close_blue;
    EXPECT_EQ(record_.stop->cause, StopCause::kForeignChange);
    EXPECT_EQ(wishes_.size(), wishes);
    EXPECT_EQ(Green(), 30u);
    // It goes on from there, and blue's drain begins anew.
    SwitchMoves moves;
    ASSERT_TRUE(ResumeSwitch(record_, memory_, Sight(), {}, moves).ok());
    Pass(absl::Seconds(5));
    EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
    EXPECT_EQ(Green(), 100u);
  }
}

// A reload just before the commit is healed, and then committed.
TEST_F(AdvanceDrainTest, HealsAReloadJustBeforeTheCommit) {
  for (const bool close_blue : {false, true}) {
    Begin(Quick());
    record_.spec.hold.close_blue = close_blue;
    PassUntil(SwitchPhase::kCommitting);
    PassUntilCommitIsWished();
    gateway_[kWeb] = AReading(0);
    gateway_[kWeb].instance = "pid 8";
    answers_[kWeb] = WriteState::kBlocked;
    const size_t wishes = wishes_.size();
    Pass(absl::Seconds(5));
    EXPECT_EQ(record_.end, SwitchEnd::kCommitted) << close_blue;
    EXPECT_LE(wishes_.size(), wishes + 2);
    EXPECT_EQ(Green(), 100u);
    EXPECT_EQ(gateway_[kWeb].backends["east"].mode,
              close_blue ? BackendMode::kClosed : BackendMode::kDraining);
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
