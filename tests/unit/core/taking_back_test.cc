// Drastic actions stay cancellable until the last instant: what has not been sent is taken back when the node
// lives, when sight is lost and when an operator says so.

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

// L1: a late sign of life takes back what has been handed out and not been sent. What was taken back counts
// as never tried, and with nothing done to the node the decision is cancelled.
TEST_F(StepTest, ALateSignOfLifeTakesBackWhatIsNotSent) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(BeatResumed{Key(1), 1});
  ASSERT_EQ(withdrawn_.size(), 1u);
  EXPECT_EQ(withdrawn_[0].decision, id);
  EXPECT_EQ(withdrawn_[0].cluster, "local");
  EXPECT_NE(withdrawn_[0].reason.find("node-1 lives"), std::string::npos) << withdrawn_[0].reason;
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kOpen);  // whether it was sent is not known yet

  Do(ActionFinished{id, 1, ActionOutcome::kWithdrawn, "taken back before it was sent"});
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kSkipped);
  EXPECT_EQ(decisions_.at(id).actions.at(0).attempts, 0u);
  EXPECT_FALSE(decisions_.at(id).actions.at(0).release_time);
  Do(ActionFinished{id, 1, ActionOutcome::kDone, "too late"});
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kSkipped);
}

// L2: so does blindness. The action is handed out again after a fresh verdict.
TEST_F(StepTest, BlindnessTakesBackWhatIsNotSent) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ApiChanged{"local", false, "no answer for 5 s"});
  ASSERT_EQ(withdrawn_.size(), 1u);
  Do(ActionFinished{id, 1, ActionOutcome::kWithdrawn, ""});
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kPending);
  EXPECT_EQ(actions_.size(), 1u);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Milliseconds(100));
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].action.attempts, 1u);
}

// L2: so does an answer that never came, for all that is still waiting beside it; and a pause takes back what
// an outage had frozen already.
TEST_F(StepTest, WhatIsFrozenIsTakenBackToo) {
  Raise(3);
  Enforce();
  for (const char* pod : {"web-1", "web-2", "web-3"}) {
    Do(PodObserved{{"local", "shop", pod},
                   {.uid = pod,
                    .node = "node-1",
                    .phase = "Running",
                    .ready = true,
                    .controller = {"ReplicaSet", "web", "uid-web"}}});
  }
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ActionFinished{id, 1, ActionOutcome::kDone, ""});
  ASSERT_EQ(actions_.size(), 4u);
  Do(ActionFinished{id, 2, ActionOutcome::kUnreachable, "no answer", 1});
  EXPECT_EQ(withdrawn_.size(), 1u);
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  EXPECT_GE(withdrawn_.size(), 2u);
  Do(ActionFinished{id, 3, ActionOutcome::kWithdrawn, "", 1});
  EXPECT_EQ(decisions_.at(id).actions.at(2).state, ActionState::kPending);
}

// L11: a failover that a pause has frozen is judged again when the pause is over, however long ago its node
// was checked last.
TEST_F(StepTest, AfterAPauseTheNodeIsJudgedAgain) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  Pass(absl::Seconds(10));  // dead and being dealt with: nobody looks at it any more
  ASSERT_TRUE(probes_.empty());
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  Do(ActionFinished{actions_[0].decision, 1, ActionOutcome::kWithdrawn, "", 1});
  Pass(absl::Minutes(1));
  EXPECT_EQ(actions_.size(), 1u);
  probes_.clear();
  leases_.clear();
  kubelets_.clear();
  Do(ResumeClusters{.request_id = 2, .cluster = "local"});
  Pass(absl::Milliseconds(10));
  AnswerDead(1);
  EXPECT_EQ(actions_.size(), 2u);
}

// L1: that an earlier try was taken back, or not answered, says nothing about the one that is under way: that
// one is still taken back when the node speaks.
TEST_F(StepTest, AnAnswerToAnEarlierTryDoesNotHideTheLast) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ApiChanged{"local", false, "no answer for 5 s"});
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Milliseconds(100));
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 2u);
  ASSERT_EQ(actions_[1].action.attempts, 2u);
  for (const ActionOutcome outcome : {ActionOutcome::kWithdrawn, ActionOutcome::kUnreachable}) {
    Do(ActionFinished{id, 1, outcome, "of the first", 1});
    EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kReleased);
    EXPECT_EQ(decisions_.at(id).actions.at(0).attempts, 2u);
  }
  withdrawn_.clear();
  Do(BeatResumed{Key(1), 1});
  EXPECT_EQ(withdrawn_.size(), 1u);
}

}  // namespace
}  // namespace evenkeel::coordinator
