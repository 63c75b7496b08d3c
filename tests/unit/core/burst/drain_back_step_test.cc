// Pods come home from virtual nodes in the core's step: make-before-break, undone where it does not work, and
// resumed or undone after a crash in any of its parts.

#include "tests/unit/core/burst/burst_fixture.h"

namespace evenkeel::coordinator {
namespace {

class DrainBackStepTest : public BurstFixture {
 protected:
  // Eight pods, three of them on the virtual node, and a second machine has come.
  void Come() {
    Begin(8);
    SeeReal(kSecond);
    Even(1, 8);
    done_.clear();
    actions_.clear();
  }

  // Time passes with an even load until something is handed out.
  void Until(int seconds) {
    for (int i = 0; i < seconds && actions_.empty(); ++i) Even(1, 8);
  }

  const Decision& DrainBack() {
    found_ = Of(DecisionKind::kDrainBack);
    return found_.back();
  }

  // The surge of three is handed out and done.
  void Surge() {
    Come();
    Until(40);
    ASSERT_EQ(actions_.size(), 1u);
    EXPECT_EQ(actions_[0].action.kind, ActionKind::kSetReplicas);
    EXPECT_EQ(actions_[0].action.replicas->from, 8);
    EXPECT_EQ(actions_[0].action.replicas->to, 11);
    Finish(actions_[0], ActionOutcome::kDone);
    actions_.clear();
    See(11);
  }

  std::vector<Decision> found_;
};

// Real nodes must have been Ready for half a minute: no sooner is anything begun, and nothing without room.
TEST_F(DrainBackStepTest, WaitsForRoomThatStays) {
  Come();
  Even(25, 8);
  EXPECT_TRUE(actions_.empty());
  Until(10);
  EXPECT_EQ(actions_.size(), 1u);
}
TEST_F(DrainBackStepTest, DoesNothingWithoutRoom) {
  Begin(8);
  done_.clear();
  Even(60, 8);
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(Of(DecisionKind::kDrainBack).empty());
}

// What is being deleted holds its room until it is gone: the scheduler counts it, too.
TEST_F(DrainBackStepTest, PodsThatGoHoldTheirRoomUntilTheyAreGone) {
  Come();
  for (int number = 21; number <= 25; ++number) Put(number, {.node = kSecond, .deleting = true});
  Even(60, 8);
  EXPECT_TRUE(actions_.empty());
  Gone(21);
  Until(5);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 9);
}

// A panic holds them, and its end is no event of the virtual nodes: they come home all the same.
TEST_F(DrainBackStepTest, BeginsWhenAPanicEnds) {
  Begin(8);
  SeeReal(kSecond, 3000);
  done_.clear();
  Tell(8, 160);
  Settle();
  ASSERT_EQ(done_.size(), 1u);
  ASSERT_TRUE(done_[0].replicas);
  const int pods = static_cast<int>(done_[0].replicas->to);
  See(pods);
  RunOn(kSecond, 9, pods);
  Even(45, pods);
  EXPECT_TRUE(actions_.empty());
  for (int i = 0; i < 30 && actions_.empty(); ++i) Even(1, pods);
  ASSERT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
  EXPECT_EQ(DrainBack().state, DecisionState::kOpen);
}

// A node that has long been Ready may have pods again: nothing else happens, and they come home to it.
TEST_F(DrainBackStepTest, BeginsWhenANodeIsUncordoned) {
  Begin(8);
  NodeFacts cordoned = RealNode(kSecond);
  cordoned.unschedulable = true;
  Do(NodeObserved{{"local", kSecond}, cordoned});
  done_.clear();
  Even(60, 8);
  EXPECT_TRUE(Of(DecisionKind::kDrainBack).empty());
  SeeReal(kSecond);
  Even(2, 8);
  EXPECT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
}
TEST_F(DrainBackStepTest, BeginsWhenANodeIsReadmitted) {
  Begin(8);
  NodeFacts tainted = RealNode(kSecond);
  tainted.failover_taint = true;
  Do(NodeObserved{{"local", kSecond}, tainted});
  done_.clear();
  Even(60, 8);
  EXPECT_TRUE(Of(DecisionKind::kDrainBack).empty());
  SeeReal(kSecond);
  Even(40, 8);
  EXPECT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
}

// The whole of it: three more, three Ready on the new machine, three evicted from the virtual node, and back.
TEST_F(DrainBackStepTest, BringsPodsHome) {
  Surge();
  EXPECT_EQ(
      DrainBack().summary,
      "3 of 3 pods of Deployment shop/web on virtual nodes come home: by a rough count real nodes have room "
      "for 3");
  Put(9, {.node = kSecond, .ready = true, .fresh = true});
  Put(10, {.node = kSecond, .ready = true, .fresh = true});
  Even(2, 8);
  EXPECT_TRUE(actions_.empty());  // L9: all of them first
  Put(11, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  std::set<std::string> victims;
  for (const ReleasedAction& action : actions_) {
    EXPECT_EQ(action.action.kind, ActionKind::kEvictPod);
    victims.insert(action.action.name);
  }
  EXPECT_EQ(victims, (std::set<std::string>{Name(6), Name(7), Name(8)}));
  for (const ReleasedAction& action : std::exchange(actions_, {})) Finish(action, ActionOutcome::kDone);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->from, 11);
  EXPECT_EQ(actions_[0].action.replicas->to, 8);
  Finish(actions_[0], ActionOutcome::kDone);
  actions_.clear();
  EXPECT_EQ(DrainBack().state, DecisionState::kSucceeded);
  EXPECT_EQ(DrainBack().outcome, "3 pods of Deployment shop/web have come home to real nodes");
  EXPECT_EQ(DrainBack().policy, "burst");
  EXPECT_EQ(clusters_.at("local").burst.damping.drained_back, now_);
  See(8);
  for (int number = 6; number <= 8; ++number) Gone(number);
  Even(30, 5);
  EXPECT_TRUE(actions_.empty());
}

// The scheduler may find no room where our count has: then it is undone. Virtual nodes are not opened for
// what is to come home from them.
TEST_F(DrainBackStepTest, TheSurgeOpensNoVirtualNode) {
  Surge();
  Press(9, 11);
  Even(20, 8);
  EXPECT_TRUE(Handed(ActionKind::kOpenValve).empty());
  EXPECT_EQ(DrainBack().state, DecisionState::kOpen);
}

// The scaler sees what is wanted, and not what the drain-back has added.
TEST_F(DrainBackStepTest, TheSurgeIsNotWhatIsWanted) {
  Surge();
  Even(3, 8);
  EXPECT_EQ(status_->advice.current, 8);
  EXPECT_EQ(status_->advice.replicas, 8);
}

// A load within the tolerance stays within it, though the surge's pods spread it thinner.
TEST_F(DrainBackStepTest, ALoadWithinTheToleranceIsNoMoreLoad) {
  Surge();
  for (int number = 9; number <= 10; ++number) {
    Put(number, {.node = kSecond, .ready = true});  // they show their CPU: 8 pods' load at 106 %, on ten
  }
  for (int i = 0; i < 3; ++i) {
    Tell(10, 85);
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(DrainBack().state, DecisionState::kOpen);
}

// None of the surge comes up: it is taken back, nobody is evicted, and the next one waits for a minute.
TEST_F(DrainBackStepTest, IsUndoneWhenNothingComesUp) {
  Surge();
  Even(61, 8);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 8);
  Finish(actions_[0], ActionOutcome::kDone);
  actions_.clear();
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  See(8);
  Even(50, 8);
  EXPECT_TRUE(actions_.empty());
  Until(20);
  EXPECT_EQ(actions_.size(), 1u);
}

// Two of three come up: two go.
TEST_F(DrainBackStepTest, TakesAsManyAsCameUp) {
  Surge();
  Put(9, {.node = kSecond, .ready = true, .fresh = true});
  Put(10, {.node = kSecond, .ready = true, .fresh = true});
  Put(11, {.node = kSecond, .fresh = true});
  Even(62, 8);
  EXPECT_EQ(actions_.size(), 2u);
}

// Evictions that nobody answered are asked again only for as many pods as can be spared by then.
TEST_F(DrainBackStepTest, EvictionsThatHadToWaitAreWeighedAgain) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  for (const ReleasedAction& action : std::exchange(actions_, {})) {
    Finish(action, ActionOutcome::kUnreachable);
  }
  Put(10, {.node = kSecond});  // two of the surge fail meanwhile
  Put(11, {.node = kSecond});
  Even(6, 8);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kEvictPod);
  Finish(actions_[0], ActionOutcome::kDone);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].action.replicas->to, 8);
}

// A workload that is deleted meanwhile does not keep others' pods from coming home.
TEST_F(DrainBackStepTest, EndsWithItsWorkload) {
  Surge();
  Do(WorkloadGone{"local", Web(), "there is none"});
  EXPECT_TRUE(actions_.empty());
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  EXPECT_EQ(DrainBack().outcome,
            "Deployment shop/web is not seen any more (there is none): what is needed is planned when it is");
}

// What is handed out is answered first, and belongs to an open decision until then.
TEST_F(DrainBackStepTest, AwaitsItsAnswerWhenTheWorkloadGoes) {
  Come();
  Until(40);
  ASSERT_EQ(actions_.size(), 1u);
  const ReleasedAction surge = std::exchange(actions_, {}).front();
  Do(WorkloadGone{.cluster = "local", .workload = Web(), .reason = "there is none", .absent = true});
  EXPECT_EQ(DrainBack().state, DecisionState::kOpen);
  Finish(surge, ActionOutcome::kDone);
  Pass(absl::Seconds(1));
  EXPECT_NE(DrainBack().state, DecisionState::kOpen);
}

// More load takes the surge as its first part: nothing is taken away.
TEST_F(DrainBackStepTest, MoreLoadTakesTheSurge) {
  Surge();
  for (int i = 0; i < 3; ++i) {
    Tell(8, 180);
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  for (const ReleasedAction& action : actions_) {
    ASSERT_EQ(action.action.kind, ActionKind::kSetReplicas);
    EXPECT_GE(action.action.replicas->to, 11);
    EXPECT_EQ(action.action.replicas->from, 11);
  }
}

// A minimum that was raised meanwhile takes it, too.
TEST_F(DrainBackStepTest, AHigherMinimumTakesTheSurge) {
  Surge();
  Policy scale = WebPolicy();
  scale.scale().rules.maximum = 20;
  scale.scale().rules.minimums.replicas = 10;
  Apply(scale);
  Even(2, 8);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  EXPECT_EQ(DrainBack().outcome, "The pods that were added stay: no fewer than 10 may be now");
  for (const ReleasedAction& action : actions_) EXPECT_FALSE(action.action.replicas) << action.action.name;
}

// L9: also when the return was already to come, and pods had to wait to be evicted: none of them is any more.
TEST_F(DrainBackStepTest, AHigherMinimumTakesTheSurgeWhileEvictionsWait) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  const std::vector<ReleasedAction> evictions = std::exchange(actions_, {});
  for (const ReleasedAction& eviction : {evictions[0], evictions[1]}) {
    Finish(eviction, ActionOutcome::kBlocked, "a disruption budget");
  }
  Policy scale = WebPolicy();
  scale.scale().rules.maximum = 20;
  scale.scale().rules.minimums.replicas = 10;
  Apply(scale);
  Even(2, 11);
  EXPECT_EQ(DrainBack().state, DecisionState::kOpen);  // the third has not been answered
  Finish(evictions[2], ActionOutcome::kBlocked, "a disruption budget");
  Even(4, 11);
  EXPECT_TRUE(Handed(ActionKind::kEvictPod).empty());
  ASSERT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  EXPECT_EQ(DrainBack().outcome, "The pods that were added stay: no fewer than 10 may be now");
  for (const ReleasedAction& change : Handed(ActionKind::kSetReplicas)) {
    EXPECT_GE(change.action.replicas->to, 10);
  }
}

// The same when the surge's pods hang, and nothing happens but that the load rises.
TEST_F(DrainBackStepTest, MoreLoadIsSeenWhileTheSurgeHangs) {
  Surge();
  Even(5, 8);
  for (int i = 0; i < 5; ++i) {
    Tell(8, 180);
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
}

// L2, L8: while what is seen is in doubt nobody is evicted, however late it is.
TEST_F(DrainBackStepTest, NobodyIsTakenWhileTheApiIsAway) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Do(ApiChanged{"local", false, "no answer"});
  Pass(absl::Minutes(2));
  EXPECT_TRUE(actions_.empty());
  Do(ApiChanged{"local", true, ""});
  Even(10, 8);
  EXPECT_EQ(actions_.size(), 3u);
}

// Somebody else sets another number: it ends, and touches nothing any more.
TEST_F(DrainBackStepTest, AnotherNumberEndsIt) {
  Surge();
  See(15);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
  Even(2, 8);
  for (const ReleasedAction& action : actions_) EXPECT_NE(action.action.kind, ActionKind::kEvictPod);
}

// The policy is paused or goes: the surge is taken back.
TEST_F(DrainBackStepTest, IsTakenBackWithItsPolicy) {
  Surge();
  Do(DeletePolicy{.request_id = 3, .name = "burst"});
  Pass(absl::Seconds(1));
  bool returned = false;
  for (const ReleasedAction& action : actions_) {
    returned = returned || (action.action.replicas && action.action.replicas->to == 8);
  }
  EXPECT_TRUE(returned);
}

// A paused cluster refuses one, and says so once.
TEST_F(DrainBackStepTest, APauseRefusesIt) {
  Come();
  Do(PauseClusters{.request_id = 4, .cluster = "local"});
  Even(60, 8);
  EXPECT_TRUE(actions_.empty());
  ASSERT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
  EXPECT_EQ(DrainBack().state, DecisionState::kRefused);
}

// L4: a crash while the surge stands. It goes on with the same decision and without a second surge.
TEST_F(DrainBackStepTest, ARestartInTheSurgeGoesOn) {
  Surge();
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  See(11);
  RunOn(kReal, 1, 5);
  RunOn(kVirtual, 6, 8);
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Do(ApiChanged{"local", true, ""});
  Even(8, 8);
  ASSERT_EQ(Of(DecisionKind::kDrainBack).size(), 1u);
  EXPECT_EQ(Handed(ActionKind::kEvictPod).size(), 3u);
  EXPECT_TRUE(Handed(ActionKind::kSetReplicas).empty());
}

// L4: a crash while the surge is on its way, and its scaler goes meanwhile. Nobody will see whether it was
// done: it is taken back, if it was.
TEST_F(DrainBackStepTest, ARestartWithoutItsScalerTakesTheSurgeBack) {
  Come();
  Until(40);
  ASSERT_EQ(actions_.size(), 1u);
  policies_.erase("web");
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  ASSERT_EQ(Handed(ActionKind::kSetReplicas).size(), 1u);
  const ReleasedAction back = Handed(ActionKind::kSetReplicas)[0];
  EXPECT_EQ(back.action.replicas->from, 11);
  EXPECT_EQ(back.action.replicas->to, 8);
  Finish(back, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
}

// L11: the same when the scaler goes after the start, before the workload has been told, and where the surge
// was seen to be done, or its pods were being evicted: nobody holds up what others bring home.
TEST_F(DrainBackStepTest, AScalerThatGoesBeforeItsWorkloadIsSeenTakesTheSurgeBack) {
  Come();
  Until(40);
  ASSERT_EQ(actions_.size(), 1u);
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(DeletePolicy{.request_id = 3, .name = "web"});
  EXPECT_TRUE(actions_.empty());
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  ASSERT_EQ(Handed(ActionKind::kSetReplicas).size(), 1u);
  const ReleasedAction back = Handed(ActionKind::kSetReplicas)[0];
  EXPECT_EQ(back.action.replicas->from, 11);
  EXPECT_EQ(back.action.replicas->to, 8);
  Finish(back, ActionOutcome::kAlreadyDone);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
}
TEST_F(DrainBackStepTest, AScalerThatGoesInTheSurgeBeforeItsWorkloadIsSeenTakesItBack) {
  Surge();
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  EXPECT_TRUE(actions_.empty());
  Do(DeletePolicy{.request_id = 3, .name = "web"});
  ASSERT_EQ(Handed(ActionKind::kSetReplicas).size(), 1u);
  EXPECT_EQ(Handed(ActionKind::kSetReplicas)[0].action.replicas->to, 8);
  Finish(Handed(ActionKind::kSetReplicas)[0], ActionOutcome::kDone);
  EXPECT_EQ(DrainBack().state, DecisionState::kCancelled);
}
TEST_F(DrainBackStepTest, AScalerThatGoesInTheRemovalBeforeItsWorkloadIsSeenEvictsNobody) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(DeletePolicy{.request_id = 3, .name = "web"});
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  EXPECT_TRUE(Handed(ActionKind::kEvictPod).empty());
  ASSERT_EQ(Handed(ActionKind::kSetReplicas).size(), 1u);
  EXPECT_EQ(Handed(ActionKind::kSetReplicas)[0].action.replicas->to, 8);
  Finish(Handed(ActionKind::kSetReplicas)[0], ActionOutcome::kDone);
  EXPECT_NE(DrainBack().state, DecisionState::kOpen);
}

// L4: a crash after the evictions were handed out. They are asked again, by their uids, and then the number
// goes down once.
TEST_F(DrainBackStepTest, ARestartInTheRemovalGoesOn) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  See(11);
  RunOn(kReal, 1, 5);
  RunOn(kSecond, 9, 11);
  for (int number = 12; number <= 14; ++number) Put(number, {});  // in the places of those that are gone
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  ASSERT_EQ(actions_.size(), 3u);
  for (const ReleasedAction& action : std::exchange(actions_, {})) {
    Finish(action, ActionOutcome::kAlreadyDone);
  }
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 8);
}

// L9: the workload is told before its pods. Who may be evicted is weighed when they are told, too.
TEST_F(DrainBackStepTest, ARestartInTheRemovalWaitsForItsPods) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(ApiChanged{"local", true, ""});
  See(11);
  Pass(absl::Seconds(8));
  EXPECT_TRUE(actions_.empty());
  RunOn(kReal, 1, 5);
  RunOn(kVirtual, 6, 8);
  Put(9, {.node = kSecond, .ready = true});
  Put(10, {.node = kSecond});  // two of the surge have failed meanwhile
  Put(11, {.node = kSecond});
  Pass(absl::Seconds(1));
  EXPECT_EQ(Handed(ActionKind::kEvictPod).size(), 1u);
  EXPECT_TRUE(Handed(ActionKind::kSetReplicas).empty());
}

// L11: it does not wait for ever. Nobody is evicted of whom nothing is known, and the number goes down.
TEST_F(DrainBackStepTest, ARestartInTheRemovalEndsWithoutItsPods) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  ASSERT_EQ(actions_.size(), 3u);
  Restart(absl::Seconds(3));
  SeeReal(kReal);
  SeeReal(kSecond);
  SeeVirtual(true);
  Do(ApiChanged{"local", true, ""});
  See(11);
  Pass(absl::Seconds(12));
  ASSERT_EQ(actions_.size(), 1u);
  ASSERT_TRUE(actions_[0].action.replicas);
  EXPECT_EQ(actions_[0].action.replicas->to, 8);
}

// L4: a crash after the number went down, before that was known. What is seen ends it; nobody is evicted any
// more.
TEST_F(DrainBackStepTest, ARestartAfterTheReturnEvictsNobody) {
  Surge();
  for (int number = 9; number <= 11; ++number) Put(number, {.node = kSecond, .ready = true, .fresh = true});
  Even(1, 8);
  for (const ReleasedAction& action : std::exchange(actions_, {})) Finish(action, ActionOutcome::kDone);
  ASSERT_EQ(actions_.size(), 1u);
  Restart(absl::Seconds(3));
  See(8);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(8));
  EXPECT_EQ(DrainBack().state, DecisionState::kSucceeded);
  for (const ReleasedAction& action : actions_) EXPECT_NE(action.action.kind, ActionKind::kEvictPod);
}

}  // namespace
}  // namespace evenkeel::coordinator
