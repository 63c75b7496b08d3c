// How a change of replicas is carried out, and every way in which it can end.

#include "coordinator/core/scale/carry_scale.h"

#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

class CarryScaleTest : public ScaleFixture {
 protected:
  CarryScaleTest() { Raise(); }
};

// The intent is durable with the mark of its release and what the scaler must remember of it, in one batch
// (L3).
TEST_F(CarryScaleTest, TheIntentComesFirst) {
  Begin(2);
  Tell(2, 100);
  Pass(kSuddenLook - absl::Milliseconds(1));
  now_ += absl::Milliseconds(1);
  const Effects effects = core_->Step(Tick{}, now_);
  ASSERT_EQ(effects.actions.size(), 1u);
  const PutDecision* decision = nullptr;
  const PutScalerRecord* record = nullptr;
  for (const Write& write : effects.writes) {
    if (const auto* put = std::get_if<PutDecision>(&write)) decision = put;
    if (const auto* put = std::get_if<PutScalerRecord>(&write)) record = put;
  }
  ASSERT_NE(decision, nullptr);
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(decision->decision.actions.at(0).state, ActionState::kReleased);
  EXPECT_EQ(decision->decision.policy, "web");
  EXPECT_EQ(decision->decision.workload, Web());
  EXPECT_EQ(decision->decision.workload_uid, "uid-web");
  EXPECT_FALSE(decision->decision.guards.empty());
  ASSERT_EQ(record->record.memory.changes.size(), 1u);
  EXPECT_EQ(record->record.memory.changes[0].added, 2);
  const Action& action = effects.actions[0].action;
  EXPECT_EQ(action.kind, ActionKind::kSetReplicas);
  EXPECT_EQ(action.uid, "uid-web");
  EXPECT_EQ(action.replicas, (ReplicaChange{"apps", "v1", "Deployment", 2, 4}));
}

// Done by its answer: the next look plans from the new number, without waiting for the observation, and
// without a second decision for what is done.
TEST_F(CarryScaleTest, AnAnswerEndsIt) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
  EXPECT_EQ(status_->replicas, 4);
  EXPECT_EQ(status_->last_scaled, action.decision);
  EXPECT_EQ(records_.at("web").last_scaled, action.decision);
  const auto announced = Asked<coordinator::Announce>();
  ASSERT_FALSE(announced.empty());
  EXPECT_EQ(announced.back().reason, "WorkloadScaledOut");
  EXPECT_EQ(announced.back().workload, Web());
  Seconds(3, 2, 100);  // the new pods are not there yet
  EXPECT_EQ(actions_.size(), 1u);
}

// An observation that was on its way when the answer came shows the old number: it is not believed before
// the workload was read once more, so nothing is planned anew for what is done. When the next one shows the
// same, somebody has set it.
TEST_F(CarryScaleTest, AnObservationOlderThanTheAnswerPlansNothing) {
  Begin(2);
  Finish(Rise(), ActionOutcome::kDone);
  requests_.clear();
  const WorkloadFacts older{.uid = "uid-web", .replicas = 2, .status_replicas = 1};
  Do(WorkloadObserved{"local", Web(), older});
  EXPECT_EQ(status_->replicas, 4);
  ASSERT_EQ(Asked<WatchWorkload>().size(), 1u);
  EXPECT_EQ(Asked<WatchWorkload>()[0].workload, Web());
  Seconds(3, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);
  Do(WorkloadObserved{"local", Web(), older});
  EXPECT_EQ(status_->replicas, 2);
  EXPECT_EQ(Asked<WatchWorkload>().size(), 1u);
}

// Somebody sets the old number again before anybody has read the new one: for who watches nothing has
// changed, and nothing is told. What the next change finds leads to a reading, which is believed.
TEST_F(CarryScaleTest, ANumberThatWasNeverSeenIsAskedFor) {
  Begin(2);
  Finish(Rise(), ActionOutcome::kDone);
  for (int number = 3; number <= 4; ++number) SeePod(number);
  requests_.clear();
  for (int i = 0; i < 30 && actions_.size() < 2; ++i) Seconds(1, 4, 150);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].action.replicas->from, 4);
  EXPECT_TRUE(Asked<WatchWorkload>().empty());
  Finish(actions_[1], ActionOutcome::kNotMine);
  EXPECT_EQ(Asked<WatchWorkload>().size(), 1u);
  See(2);
  EXPECT_EQ(status_->replicas, 2);
}

// Done by what is seen: the answer that comes later changes nothing (L4).
TEST_F(CarryScaleTest, AnObservationEndsIt) {
  Begin(2);
  const ReleasedAction action = Rise();
  See(4);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
  EXPECT_EQ(Last().actions[0].state, ActionState::kDone);
  const size_t decisions = decisions_.size();
  Finish(action, ActionOutcome::kNotMine);
  EXPECT_EQ(decisions_.size(), decisions);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
}

// Somebody else has set another number meanwhile: it fails, its change is not counted in the rates, and the
// next one is planned from what is then true.
TEST_F(CarryScaleTest, AnotherNumberIsPlannedFromAnew) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kNotMine);
  EXPECT_EQ(Last().state, DecisionState::kFailed);
  EXPECT_NE(Last().outcome.find("somebody else has changed its replicas"), std::string::npos)
      << Last().outcome;
  EXPECT_TRUE(records_.at("web").memory.changes.empty());
  See(3);
  SeePod(3);
  Seconds(3, 3, 100);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].action.replicas->from, 3);
}

// What Kubernetes refuses is asked for less and less often, and not each second.
TEST_F(CarryScaleTest, ARefusalIsNotAskedAgainEachSecond) {
  Begin(2);
  Finish(Rise(), ActionOutcome::kRefused, "deployments.apps \"web\" is forbidden");
  EXPECT_NE(Last().outcome.find("is forbidden"), std::string::npos) << Last().outcome;
  for (int i = 0; i < 600; ++i) {
    Seconds(1, 2, 100);
    if (Last().state == DecisionState::kOpen) Finish(actions_.back(), ActionOutcome::kRefused, "forbidden");
  }
  EXPECT_GE(actions_.size(), 5u);
  EXPECT_LE(actions_.size(), 15u);
}

// Without an answer it stays open; that it was done is seen.
TEST_F(CarryScaleTest, WithoutAnAnswerItIsSeen) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kUnreachable);
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  See(4);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
  EXPECT_EQ(actions_.size(), 1u);
}

// Without an answer, and not seen to be done: the same is asked again after a pause. It changes nothing where
// it was done (L4).
TEST_F(CarryScaleTest, WithoutAnAnswerItIsAskedAgain) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kUnreachable);
  Seconds(3, 2, 100);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].decision, action.decision);
  EXPECT_EQ(actions_[1].action.attempts, 2u);
  Finish(actions_[1], ActionOutcome::kAlreadyDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
}

// Without an answer, and another number is seen: it is given up, whatever became of it.
TEST_F(CarryScaleTest, WithoutAnAnswerAnotherNumberEndsIt) {
  Begin(2);
  Finish(Rise(), ActionOutcome::kUnreachable);
  See(3);
  const Decision ended = decisions_.begin()->second;
  EXPECT_EQ(ended.state, DecisionState::kCancelled);
  EXPECT_NE(ended.outcome.find("Somebody else has set spec.replicas to 3"), std::string::npos)
      << ended.outcome;
}

// Without an answer, and the workload is deleted: nothing is left to be scaled. One that is only unseen may
// have it done, so it is kept (L8).
TEST_F(CarryScaleTest, WithoutAnAnswerTheEndOfItsWorkloadEndsIt) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kUnreachable);
  Do(WorkloadGone{"local", Web(), "its scale cannot be read"});
  Pass(absl::Minutes(1));
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kOpen);
  Do(WorkloadGone{"local", Web(), "there is none", true});
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  EXPECT_NE(Last().outcome.find("is not there any more"), std::string::npos) << Last().outcome;
  EXPECT_EQ(actions_.size(), 1u);
}

// The same where the workload is seen to be gone, or to be another, before it is known that there is no
// answer.
TEST_F(CarryScaleTest, WhatItsWorkloadCameToIsKeptInMind) {
  Begin(2);
  ReleasedAction action = Rise();
  Do(WorkloadGone{"local", Web(), "there is none", true});
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  Finish(action, ActionOutcome::kUnreachable);
  Pass(absl::Seconds(2));
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  EXPECT_EQ(actions_.size(), 1u);

  See(2);
  for (int number = 1; number <= 2; ++number) SeePod(number);
  Seconds(5, 2, 100);
  ASSERT_EQ(actions_.size(), 2u);
  action = actions_[1];
  See(2, "uid-of-another");
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kOpen);
  Finish(action, ActionOutcome::kUnreachable);
  Pass(absl::Seconds(2));
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  EXPECT_NE(decisions_.at(action.decision).outcome.find("was replaced by another"), std::string::npos);
  EXPECT_EQ(decisions_.at(action.decision).actions[0].attempts, 1u);
}

// Without an answer, and the policy is paused before it is asked again: it is not asked again.
TEST_F(CarryScaleTest, APolicyThatIsPausedBetweenEndsIt) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kUnreachable);
  Policy policy = WebPolicy();
  policy.scale().paused = true;
  Apply(policy);
  Pass(absl::Seconds(3));
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  EXPECT_NE(decisions_.at(action.decision).outcome.find("the guard pause refuses now"), std::string::npos);
  EXPECT_EQ(actions_.size(), 1u);
}

// Without an answer, and the policy is deleted: nobody is left who wants it.
TEST_F(CarryScaleTest, WithoutAPolicyNothingIsAskedAgain) {
  Begin(2);
  const ReleasedAction action = Rise();
  Finish(action, ActionOutcome::kUnreachable);
  Do(DeletePolicy{1, "web", ""});
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  Pass(absl::Minutes(1));
  EXPECT_EQ(actions_.size(), 1u);
  EXPECT_FALSE(records_.contains("web"));
}

// L8: the API goes away before anything was sent. It is taken back and given up; nothing is handed out before
// the API is back, and then by a new plan.
TEST_F(CarryScaleTest, NothingIsDoneWhileTheApiIsAway) {
  Begin(2);
  const ReleasedAction action = Rise();
  requests_.clear();
  Do(ApiChanged{"local", false, "no answer"});
  ASSERT_FALSE(Asked<WithdrawActions>().empty());
  Finish(action, ActionOutcome::kWithdrawn);
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kCancelled);
  EXPECT_TRUE(records_.at("web").memory.changes.empty());
  Seconds(60, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);
  EXPECT_EQ(CountOf(DecisionState::kRefused), 1u);  // said once
  Do(ApiChanged{"local", true, ""});
  Seconds(2, 2, 100);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_NE(actions_[1].decision, action.decision);
}

// The same of an operator's pause, between the intent and its being sent.
TEST_F(CarryScaleTest, APauseTakesBackWhatWasNotSent) {
  Begin(2);
  const ReleasedAction action = Rise();
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  ASSERT_FALSE(Asked<WithdrawActions>().empty());
  Finish(action, ActionOutcome::kWithdrawn);
  Seconds(10, 2, 100);
  EXPECT_EQ(actions_.size(), 1u);
  ASSERT_TRUE(status_->refusal);
  EXPECT_EQ(status_->refusal->guard, "pause");
  Do(ResumeClusters{.request_id = 2, .cluster = "local"});
  Seconds(2, 2, 100);
  EXPECT_EQ(actions_.size(), 2u);
}

// What was sent in spite of the pause is believed.
TEST_F(CarryScaleTest, WhatWasSentBeforeThePauseCounts) {
  Begin(2);
  const ReleasedAction action = Rise();
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  Finish(action, ActionOutcome::kDone);
  EXPECT_EQ(decisions_.at(action.decision).state, DecisionState::kSucceeded);
}

// L2: while the coordinator is blind to nodes, more pods harm nobody.
TEST_F(CarryScaleTest, BlindItScalesOut) {
  Begin(2);
  now_ += absl::Seconds(30);  // it stood still
  Tell(2, 100);
  ASSERT_TRUE(blind_);
  EXPECT_EQ(actions_.size(), 1u);
}

// Fewer would: it says so, and scales in when it trusts its sight again.
TEST_F(CarryScaleTest, BlindItDoesNotScaleIn) {
  Policy policy = WebPolicy();
  policy.scale().rules.behaviour.down.stabilisation = absl::ZeroDuration();
  Begin(4, policy);
  Seconds(3, 4, 50);
  now_ += absl::Seconds(30);
  Tell(4, 5);
  ASSERT_TRUE(blind_);
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(CountOf(DecisionState::kRefused), 1u);
  EXPECT_EQ(status_->refusal->guard, "sight");
  Pass(absl::Seconds(10));
  ASSERT_FALSE(blind_);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 2);
}

}  // namespace
}  // namespace evenkeel::coordinator
