// What an operator may order of a switch, when, and what is answered otherwise.

#include "coordinator/core/switch/switch_orders.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch/switch_world.h"

namespace evenkeel::coordinator {
namespace {

class SwitchOrdersTest : public SwitchWorld {
 protected:
  absl::Status Pause() { return PauseSwitch(record_, memory_, Sight(), "lunch", moves_); }
  absl::Status Resume() { return ResumeSwitch(record_, memory_, Sight(), {}, moves_); }
  absl::Status RollBack(bool onto_unknown = false) {
    return RollBackSwitch(record_, memory_, Sight(), "slow", onto_unknown, moves_);
  }
  absl::Status Commit() { return CommitSwitch(record_, memory_, Sight(), moves_); }
  static bool IsPrecondition(const absl::Status& status) {
    return status.code() == absl::StatusCode::kFailedPrecondition;
  }

  SwitchMoves moves_;
};

// A pause holds what is forward; the soak goes on meanwhile.
TEST_F(SwitchOrdersTest, PauseHoldsTheNextStep) {
  Begin(ASwitch());
  PassToStep(0);
  ASSERT_TRUE(Pause().ok());
  EXPECT_TRUE(IsPrecondition(Pause()));
  Pass(absl::Minutes(5));
  EXPECT_EQ(Green(), 10u);
  EXPECT_EQ(record_.stop->reason, "an operator has paused it (lunch)");
  ASSERT_TRUE(Resume().ok());
  EXPECT_TRUE(IsPrecondition(Resume()));
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 50u);
}

// A pause in the midst of a step lets the step's weights become what they were wished to be.
TEST_F(SwitchOrdersTest, PauseLetsAStepEnd) {
  Begin(ASwitch());
  deaf_.insert({"edge", "web"});
  Pass(absl::Seconds(1));
  ASSERT_EQ(record_.phase, SwitchPhase::kMoving);
  ASSERT_TRUE(Pause().ok());
  deaf_.clear();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Green(), 10u);
  EXPECT_TRUE(record_.stop);
}

// A pause stands also where the switch has stopped for a gateway that does not answer, which ends by itself.
TEST_F(SwitchOrdersTest, PauseOutlastsAGatewayThatIsAway) {
  const RouteKey web = {"edge", "web"};
  Begin(ASwitch());
  PassToStep(0);
  away_.insert(web);
  away_since_[web] = now_;
  Pass(absl::Seconds(11));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.stop->cause, StopCause::kGateway);
  ASSERT_TRUE(Pause().ok());
  away_.clear();
  away_since_.clear();
  Pass(absl::Minutes(5));
  EXPECT_EQ(Green(), 10u);
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kOperator);
}

// After a failure that is over, or was nobody's fault, an operator lets it go on: the step shows itself anew,
// and what it had failed before is counted no more.
TEST_F(SwitchOrdersTest, ResumedStepShowsItselfAnew) {
  SwitchSpec spec = ASwitch();
  spec.on_failed_gate = OnFailedGate::kStop;
  Begin(spec);
  PassToStep(1);
  Pass(absl::Seconds(3));
  green_fails_percent_ = 60;
  Pass(absl::Seconds(5));
  ASSERT_TRUE(record_.stop);
  ASSERT_EQ(record_.stop->cause, StopCause::kGates);
  green_fails_percent_ = 0;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(Resume().ok());
  // Not sooner than after a whole soak, and with its requests.
  Pass(absl::Seconds(9));
  EXPECT_FALSE(record_.stop) << record_.stop->reason;
  EXPECT_EQ(Green(), 50u);
  Pass(absl::Seconds(2));
  EXPECT_EQ(Green(), 100u);
  // Both tries are remembered, with what each showed.
  ASSERT_EQ(record_.reports.size(), 4u);
  EXPECT_EQ(Together(record_.reports[1].gates), GateVerdict::kFail);
  EXPECT_EQ(record_.reports[2].step, 1u);
  EXPECT_EQ(Together(record_.reports[2].gates), GateVerdict::kPass);
}

// One that goes on failing stops again.
TEST_F(SwitchOrdersTest, ResumedStepThatFailsStopsAgain) {
  SwitchSpec spec = ASwitch();
  spec.on_failed_gate = OnFailedGate::kStop;
  Begin(spec);
  PassToStep(1);
  green_fails_percent_ = 60;
  Pass(absl::Seconds(5));
  ASSERT_TRUE(record_.stop);
  ASSERT_TRUE(Resume().ok());
  Pass(absl::Seconds(2));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kGates);
}

// A rollback moves all traffic within one look of being asked for, at every point.
TEST_F(SwitchOrdersTest, RollBackIsAtOnce) {
  for (uint32_t step = 0; step < 3; ++step) {
    Begin(ASwitch());
    PassToStep(step);
    ASSERT_TRUE(RollBack().ok());
    Pass(kLook);
    EXPECT_EQ(Green(), 0u);
    Pass(kLook);
    EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
    EXPECT_NE(record_.outcome.find("an operator has ordered it (slow)"), std::string::npos);
    EXPECT_TRUE(IsPrecondition(RollBack()));
  }
  Begin(ASwitch());
  PassUntil(SwitchPhase::kHolding);
  ASSERT_TRUE(RollBack().ok());
  Pass(kLook * 2);
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
}

// Before anything was moved it ends the switch.
TEST_F(SwitchOrdersTest, RollBackEndsAPreflight) {
  Begin(ASwitch());
  findings_.reset();
  Pass(absl::Seconds(1));
  ASSERT_TRUE(RollBack().ok());
  EXPECT_EQ(record_.end, SwitchEnd::kCancelled);
  EXPECT_TRUE(wishes_.empty());
}

// Out of a pause, and where everything has been stopped by somebody else's change.
TEST_F(SwitchOrdersTest, RollBackEndsAStop) {
  Begin(ASwitch());
  PassToStep(1);
  ASSERT_TRUE(Pause().ok());
  ASSERT_TRUE(RollBack().ok());
  Pass(kLook * 2);
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);

  Begin(ASwitch());
  PassToStep(1);
  gateway_[{"edge", "web"}].backends["west"].percent = 30;
  Pass(absl::Seconds(1));
  ASSERT_TRUE(record_.stop);
  ASSERT_TRUE(RollBack().ok());
  Pass(kLook * 2);
  EXPECT_EQ(record_.end, SwitchEnd::kRolledBack);
  EXPECT_EQ(Green(), 0u);
}

// L10: onto a blue of which nothing is known only when that is said; onto a sick one never.
TEST_F(SwitchOrdersTest, RollBackAsksForBluesHealth) {
  Begin(ASwitch());
  PassToStep(1);
  blue_.api_reachable = false;
  gateway_[{"edge", "web"}].backends["east"].servers_up = 2;
  EXPECT_TRUE(IsPrecondition(RollBack()));
  blue_.lost = true;
  EXPECT_TRUE(IsPrecondition(RollBack(true)));
  blue_.lost = false;
  EXPECT_TRUE(RollBack(true).ok());
}

// L7, L11: where another coordinator has the routes nothing is written, and no switch hangs for ever: once
// its mark is taken off it goes on, and one that has moved nothing is given up.
TEST_F(SwitchOrdersTest, OutrankedIsNotForEver) {
  const RouteKey web = {"edge", "web"};
  Begin(ASwitch());
  PassToStep(0);
  answers_[web] = WriteState::kOutranked;
  Look();
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kOutranked);
  const size_t wishes = wishes_.size();
  Pass(absl::Minutes(1));
  EXPECT_EQ(wishes_.size(), wishes);
  EXPECT_TRUE(IsPrecondition(Commit()));
  ASSERT_TRUE(Resume().ok());
  answers_[web] = WriteState::kOutranked;
  Look();
  ASSERT_TRUE(record_.stop);
  ASSERT_TRUE(Resume().ok());
  Pass(absl::Minutes(2));
  EXPECT_EQ(record_.phase, SwitchPhase::kHolding);

  Begin(ASwitch());
  Pass(kLook);
  ASSERT_EQ(record_.phase, SwitchPhase::kMoving);
  gateway_[web] = AReading(0);
  answers_[web] = WriteState::kOutranked;
  Look();
  ASSERT_TRUE(record_.stop);
  ASSERT_TRUE(RollBack().ok());
  EXPECT_EQ(record_.end, SwitchEnd::kCancelled);
  EXPECT_EQ(Green(), 0u);
}

// A blue that falls ill while it is being given its traffic back gets no more of it.
TEST_F(SwitchOrdersTest, RollBackStopsBeforeABlueThatFallsIll) {
  Begin(ASwitch());
  PassToStep(1);
  ASSERT_TRUE(RollBack().ok());
  blue_.lost = true;
  Pass(absl::Minutes(1));
  ASSERT_TRUE(record_.stop);
  EXPECT_EQ(record_.stop->cause, StopCause::kWayBack);
  EXPECT_EQ(Green(), 50u);
}

// A commit closes the way back, only while it is held open.
TEST_F(SwitchOrdersTest, CommitEndsTheHold) {
  Begin(ASwitch());
  record_.spec.hold.commit_by_itself = false;
  PassToStep(1);
  EXPECT_TRUE(IsPrecondition(Commit()));
  PassUntil(SwitchPhase::kHolding);
  Pass(absl::Minutes(30));
  EXPECT_EQ(record_.phase, SwitchPhase::kHolding);
  EXPECT_EQ(memory_.waits_for, "somebody to commit it");
  ASSERT_TRUE(Commit().ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(record_.end, SwitchEnd::kCommitted);
  EXPECT_TRUE(IsPrecondition(Commit()));
  EXPECT_TRUE(IsPrecondition(Pause()));
}

}  // namespace
}  // namespace evenkeel::coordinator
