// The process dies in every phase of a change, and another begins on what was durable (L4): each decision
// goes on or is closed, nothing is done twice, and no window, rate or panic is forgotten.

#include "coordinator/core/scale/carry_scale.h"
#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

class ScaleRestartTest : public ScaleFixture {
 protected:
  ScaleRestartTest() { Raise(); }

  // The world as it is found by the new process.
  void Find(int64_t replicas) {
    Do(ApiChanged{"local", true, ""});
    See(replicas);
    for (int number = 1; number <= replicas; ++number) SeePod(number);
  }
};

// Killed between the intent and its action, or before the answer: while the workload has not been seen
// nothing is done.
TEST_F(ScaleRestartTest, NothingIsDoneBeforeTheWorkloadIsSeen) {
  Begin(2);
  Rise();
  Restart();
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(10));
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(Last().state, DecisionState::kOpen);
  ASSERT_TRUE(status_);
  EXPECT_EQ(status_->open_decision, Last().id);
}

// It is seen to be done: closed, and not done again.
TEST_F(ScaleRestartTest, WhatIsSeenToBeDoneIsClosed) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart();
  Find(4);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kSucceeded);
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(records_.at("web").last_scaled, id);
}

// It was not done, and is fresh: the same decision goes on.
TEST_F(ScaleRestartTest, WhatIsFreshGoesOn) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart(absl::Seconds(3));
  Find(2);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].decision, id);
  Finish(actions_[0], ActionOutcome::kDone);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kSucceeded);
  EXPECT_EQ(decisions_.size(), 1u);
}

// The workload is seen before the cluster is listed: the decision waits for the API.
TEST_F(ScaleRestartTest, WhatIsFreshWaitsForTheApi) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart();
  See(2);
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kOpen);
  Do(ApiChanged{"local", true, ""});
  EXPECT_EQ(actions_.size(), 1u);
}

// What was asked for in the lost seconds is not known: no fewer are wanted for a window than were on their
// way, although fewer are found.
TEST_F(ScaleRestartTest, WhatIsOnItsWayIsHeld) {
  Begin(2);
  const int64_t on_its_way = Rise().action.replicas->to;
  ASSERT_GT(on_its_way, 2);
  Restart(absl::Seconds(3));
  Find(2);
  ASSERT_EQ(actions_.size(), 1u);
  Finish(actions_[0], ActionOutcome::kDone);
  const auto& highest = records_.at("web").memory.recommendations.highest;
  ASSERT_FALSE(highest.empty());
  EXPECT_GE(highest.front().replicas, on_its_way);
}

// It was not done, and the load may be another by now: given up, and what is still needed is a plan of its
// own.
TEST_F(ScaleRestartTest, WhatIsOldIsGivenUp) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart(kPlanHolds + absl::Seconds(1));
  Find(2);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  for (const ReleasedAction& action : actions_) EXPECT_NE(action.decision, id);
}

// Another number is there: given up, whoever set it.
TEST_F(ScaleRestartTest, AnotherNumberEndsIt) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart();
  Find(3);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
}

// Another object of the name is there.
TEST_F(ScaleRestartTest, AnotherObjectEndsIt) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart();
  Do(ApiChanged{"local", true, ""});
  See(2, "uid-new");
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  EXPECT_TRUE(actions_.empty());
}

// The policy is gone: nobody would ever look at the workload again, so it is closed at once, and its record
// goes.
TEST_F(ScaleRestartTest, WithoutAPolicyItIsClosed) {
  Begin(2);
  const DecisionId id = Rise().decision;
  policies_.clear();
  Restart();
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  EXPECT_NE(decisions_.at(id).actions[0].result.find("not known"), std::string::npos);
  EXPECT_TRUE(records_.empty());
}

// An HPA was made while nobody looked: the decision does not go on.
TEST_F(ScaleRestartTest, AConflictMeanwhileEndsIt) {
  Begin(2);
  const DecisionId id = Rise().decision;
  Restart();
  Do(ApiChanged{"local", true, ""});
  AutoscalerFacts facts;
  facts.uid = "uid-hpa";
  facts.target = Web();
  Do(AutoscalerObserved{"local", {"shop", "web"}, facts});
  See(2);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  EXPECT_NE(decisions_.at(id).outcome.find("the guard conflict refuses now"), std::string::npos)
      << decisions_.at(id).outcome;
  EXPECT_TRUE(actions_.empty());
}

// A take-over may be repeated: it goes on when the API answers and the workload has been read. Where the
// autoscaler is gone already, nobody else scales, and no sample is waited for.
TEST_F(ScaleRestartTest, ATakeOverGoesOn) {
  AutoscalerFacts facts;
  facts.uid = "uid-hpa";
  facts.target = Web();
  facts.version = "v1";
  facts.rules = WebPolicy().scale().rules;
  Do(AutoscalerObserved{"local", {"shop", "web"}, facts});
  Do(TakeOverAutoscaler{.request_id = 1, .cluster = "local", .name = {"shop", "web"}, .policy = "web"});
  See(2);
  for (int number = 1; number <= 2; ++number) SeePod(number);
  Seconds(1, 2, 50);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Restart();
  Do(ApiChanged{"local", true, ""});
  EXPECT_TRUE(actions_.empty());
  See(2);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].decision, id);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kDeleteAutoscaler);
  Finish(actions_[0], ActionOutcome::kAlreadyDone);
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kSucceeded);
}

// A window of scaling in holds on: what was wanted before the restart counts, as long as it would have.
TEST_F(ScaleRestartTest, NoWindowIsForgotten) {
  Begin(6);
  Seconds(60, 6, 50);
  Restart(absl::Seconds(2));
  List();
  See(6);
  for (int number = 1; number <= 6; ++number) SeePod(number);
  Seconds(240, 6, 5);
  EXPECT_TRUE(actions_.empty());
  Seconds(120, 6, 5);
  EXPECT_FALSE(actions_.empty());
}

// What was wanted and could not be done shows in no replicas: it is durable with the look that finds it, once
// and not each second, and counts as wanted until the process may have ended.
TEST_F(ScaleRestartTest, WhatWasWantedInVainIsNotForgotten) {
  Policy policy = WebPolicy();
  policy.scale().rules.panic.enabled = false;
  Begin(2, policy);
  Seconds(20, 2, 50);
  Do(ApiChanged{"local", false, "no answer for 5 s"});
  Seconds(2, 2, 150);
  EXPECT_TRUE(actions_.empty());
  ASSERT_EQ(records_.at("web").memory.recommendations.highest.back().replicas, 6);
  const absl::Time written = records_.at("web").written;
  Seconds(10, 2, 150);
  EXPECT_EQ(records_.at("web").written, written);
  Restart(absl::Seconds(2));
  List();
  See(2);
  for (int number = 1; number <= 2; ++number) SeePod(number);
  Seconds(20, 2, 20);
  EXPECT_GT(records_.at("web").written, written);
  const auto& highest = records_.at("web").memory.recommendations.highest;
  ASSERT_FALSE(highest.empty());
  EXPECT_EQ(highest.front().replicas, 6);
  EXPECT_GE(highest.front().time, written + absl::Seconds(10));
}

// Fewer are on their way, and more than that is wanted meanwhile: what is then found does not tell of it.
TEST_F(ScaleRestartTest, WhatWasWantedWhileFewerWereOnTheirWayIsNotForgotten) {
  Policy policy = WebPolicy();
  policy.scale().rules.panic.enabled = false;
  policy.scale().rules.behaviour.down.stabilisation = absl::Seconds(60);
  Begin(6, policy);
  for (int i = 0; i < 120 && actions_.empty(); ++i) Seconds(1, 6, 25);
  ASSERT_EQ(actions_.size(), 1u);
  const int64_t to = actions_[0].action.replicas->to;
  ASSERT_LT(to, 5);
  Seconds(1, 6, 41);  // five are wanted: fewer than are there still, more than will be
  ASSERT_EQ(status_->advice.wanted, 5);
  Restart(absl::Seconds(2));
  List();
  See(to);
  for (int number = 1; number <= to; ++number) SeePod(number);
  Seconds(20, static_cast<int>(to), 20);
  const auto& highest = records_.at("web").memory.recommendations.highest;
  ASSERT_FALSE(highest.empty());
  EXPECT_EQ(highest.front().replicas, 5);
}

// A record that is old by an hour holds no longer than the first look does.
TEST_F(ScaleRestartTest, AnOldRecordHoldsNoLonger) {
  Begin(6);
  Seconds(60, 6, 50);
  Restart(absl::Hours(1));
  List();
  See(6);
  for (int number = 1; number <= 6; ++number) SeePod(number);
  Seconds(310, 6, 5);
  EXPECT_FALSE(actions_.empty());
}

// The clock was set back between the two runs: what is remembered as of the future does not hold for ever.
TEST_F(ScaleRestartTest, AClockThatWasSetBackHoldsNothingForEver) {
  Begin(6);
  Seconds(60, 6, 50);
  Restart(-absl::Hours(5));
  List();
  See(6);
  for (int number = 1; number <= 6; ++number) SeePod(number);
  Seconds(360, 6, 5);
  EXPECT_FALSE(actions_.empty());
}

// A panic goes on: nothing is taken away before a minute of calm.
TEST_F(ScaleRestartTest, NoPanicIsForgotten) {
  Policy policy = WebPolicy();
  policy.scale().rules.behaviour.down.stabilisation = absl::ZeroDuration();
  Begin(2, policy);
  Finish(Rise(), ActionOutcome::kDone);
  See(4);
  SeePod(3);
  SeePod(4);
  Restart(absl::Seconds(2));
  List();
  See(4);
  for (int number = 1; number <= 4; ++number) SeePod(number);
  Seconds(30, 4, 20);
  ASSERT_TRUE(status_->panic_since);
  EXPECT_TRUE(actions_.empty());
  Seconds(60, 4, 20);
  EXPECT_FALSE(status_->panic_since);
  EXPECT_FALSE(actions_.empty());
}

// A rate holds on: four pods in 15 s are four pods, however often the process dies between.
TEST_F(ScaleRestartTest, NoRateIsForgotten) {
  Policy policy = WebPolicy();
  policy.scale().rules.behaviour.up.policies = {{RatePolicy::Kind::kPods, 2, absl::Seconds(60)}};
  Begin(2, policy);
  Finish(Rise(), ActionOutcome::kDone);
  Restart(absl::Seconds(2));
  List();
  See(4);
  for (int number = 1; number <= 4; ++number) SeePod(number);
  Seconds(30, 4, 100);
  EXPECT_TRUE(actions_.empty());
  Seconds(40, 4, 100);
  EXPECT_FALSE(actions_.empty());
}

// The state with its scalers as bytes, and back: both go on alike (L12).
TEST_F(ScaleRestartTest, ACheckpointGoesOnAlike) {
  Begin(2);
  Tell(2, 100);
  auto copy = Core::FromCheckpoint(core_->Checkpoint());
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->Checkpoint(), core_->Checkpoint());
  now_ += kSuddenLook;
  EXPECT_EQ(core_->Step(Tick{}, now_).actions.size(), 1u);
  EXPECT_EQ((*copy)->Step(Tick{}, now_).actions.size(), 1u);
  EXPECT_EQ((*copy)->Checkpoint(), core_->Checkpoint());
}

// A record of another workload, whose policy was changed while the store had the old one, is not believed.
TEST_F(ScaleRestartTest, ARecordOfAnotherWorkloadIsErased) {
  Begin(2);
  Seconds(20, 2, 40);
  ASSERT_TRUE(records_.contains("web"));
  policies_.at("web").scale().target.name = "other";
  Restart();
  EXPECT_TRUE(records_.empty());
}

}  // namespace
}  // namespace evenkeel::coordinator
