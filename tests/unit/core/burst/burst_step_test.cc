// Virtual nodes in the core's step: closed until real ones have no room, opened by the scheduler's word and
// within caps, their pods the first to go, their provider left alone when it fails, and paid for.

#include "coordinator/core/burst/burst_state.h"
#include "coordinator/core/burst/valve.h"
#include "tests/unit/core/burst/burst_fixture.h"

namespace evenkeel::coordinator {
namespace {

class BurstStepTest : public BurstFixture {
 protected:
  static Workload Database() { return {"apps", "StatefulSet", "shop", "db"}; }
  static std::string DatabaseUid(int ordinal) { return absl::StrCat("uid-db-", ordinal); }

  // The database of `replicas` pods is scaled, too; none of them is told yet.
  void ScaleDatabase(int64_t replicas) {
    Policy scale = WebPolicy();
    scale.name = "db";
    scale.scale().target = Database();
    Apply(scale);
    WorkloadFacts workload;
    workload.uid = "uid-db";
    workload.replicas = workload.status_replicas = replicas;
    Do(WorkloadObserved{"local", Database(), workload});
  }
  // What is known of one of its pods. No node: it finds no room.
  void PutDatabasePod(int ordinal, const std::string& node) {
    PodFacts facts;
    facts.uid = DatabaseUid(ordinal);
    facts.node = node;
    facts.phase = node.empty() ? "Pending" : "Running";
    facts.ready = !node.empty();
    facts.controller = {"StatefulSet", "db", "uid-db"};
    facts.requests = {.cpu_millicores = 200, .memory_bytes = int64_t{32} << 20, .pods = 1};
    facts.tolerates = true;
    facts.unschedulable = node.empty();
    Do(PodObserved{{"local", "shop", absl::StrCat("db-", ordinal)}, facts});
  }
  // What is known of it as of the database's.
  void TellDatabasePod(int ordinal, const std::string& node) {
    WorkloadPodFacts known = PodFactsOf(ordinal);
    known.name = absl::StrCat("db-", ordinal);
    known.node = node;
    known.phase = node.empty() ? PodPhase::kPending : PodPhase::kRunning;
    known.ready = !node.empty();
    known.request_millicores = 200;
    Do(WorkloadPodObserved{"local", Database(), DatabaseUid(ordinal), known});
  }
  // Seconds, in which the database's replicas are changed by nobody.
  void ExpectDatabaseIsLeft(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      Even(1, 6);
      for (const ReleasedAction& change : Handed(ActionKind::kSetReplicas)) {
        ASSERT_NE(change.action.name, "db") << "to " << change.action.replicas->to << " replicas";
      }
    }
  }
};

// ---- what their pods use ----

// What runs on virtual nodes is pulled from them: by the policy's selector, and where there is none, by what
// everybody takes for virtual; said once, and taken back.
TEST_F(BurstStepTest, TheUseOfVirtualNodesIsPulled) {
  const auto pulls = [this] {
    std::vector<std::string> said;
    for (const PullUsage& pull : Asked<PullUsage>()) {
      said.push_back(absl::StrCat(pull.cluster, "/", pull.node, pull.pull ? "" : " no more"));
    }
    requests_.clear();
    return said;
  };
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(false);
  SeeVirtual(true);
  EXPECT_EQ(pulls(), std::vector<std::string>{"local/virtual-1"});
  Policy other = BurstPolicyOf();
  other.burst().virtual_nodes = {.labels = {{"kind", "rented"}}, .taint_keys = {}};
  Apply(other);
  EXPECT_EQ(pulls(), std::vector<std::string>{"local/virtual-1 no more"});
  Do(DeletePolicy{.request_id = 2, .name = "burst"});
  EXPECT_EQ(pulls(), std::vector<std::string>{"local/virtual-1"});
  Do(NodeGone{{"local", kVirtual}});
  EXPECT_EQ(pulls(), std::vector<std::string>{"local/virtual-1 no more"});
}

// ---- the valve ----

// A virtual node is closed as soon as a policy rules it, by the traits that the policy picks, and no other.
TEST_F(BurstStepTest, VirtualNodesAreClosedWhileNoBurstIs) {
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(false);
  Apply(BurstPolicyOf());
  List();
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kCloseValve);
  EXPECT_EQ(actions_[0].action.name, kVirtual);
  EXPECT_EQ(actions_[0].action.uid, "uid-virtual-1");
  Settle();
  ASSERT_EQ(Of(DecisionKind::kValve).size(), 1u);
  EXPECT_EQ(Of(DecisionKind::kValve)[0].state, DecisionState::kSucceeded);
  EXPECT_EQ(Of(DecisionKind::kValve)[0].policy, "burst");
  SeeVirtual(true);  // the observation comes later, and changes nothing
  Pass(absl::Minutes(1));
  EXPECT_EQ(decisions_.size(), 1u);
}

// Under observe, and while the policy is paused, virtual nodes stay as they are.
TEST_F(BurstStepTest, NothingIsClosedUnderObserve) {
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(false);
  Apply(BurstPolicyOf(PolicyMode::kObserve));
  List();
  EXPECT_TRUE(actions_.empty());
  Policy paused = BurstPolicyOf();
  paused.burst().paused = true;
  Apply(paused);
  Pass(absl::Seconds(5));
  EXPECT_TRUE(actions_.empty());
}

// L2: to be closed takes no pod off a node, so it waits for no sight: caps hold in blindness, too.
TEST_F(BurstStepTest, VirtualNodesAreClosedInBlindness) {
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(false);
  Apply(BurstPolicyOf());
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(1));
  ASSERT_TRUE(blind_);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kCloseValve);
}
TEST_F(BurstStepTest, ABurstIsClosedInBlindness) {
  Begin(5);
  Press(6, 8);
  Settle();
  RunOn(kVirtual, 6, 8);
  EXPECT_TRUE(Handed(ActionKind::kCloseValve).empty());
  now_ += kValveHold + absl::Seconds(1);  // the coordinator stands still for so long
  Do(Tick{});
  Pass(kBurstLookEvery);
  ASSERT_TRUE(blind_);
  EXPECT_EQ(Handed(ActionKind::kCloseValve).size(), 1u);
}

// When the policy goes, so does the taint.
TEST_F(BurstStepTest, ThePolicysEndOpensThem) {
  Begin(2);
  EXPECT_TRUE(done_.empty());
  Do(DeletePolicy{.request_id = 2, .name = "burst"});
  Settle();
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve), std::vector<std::string>{kVirtual});
}

// ---- bursts ----

// Pods that find no room for a moment open it; when all have had a node for three seconds it is closed again.
// One decision tells all of it.
TEST_F(BurstStepTest, APodWithoutRoomOpensTheValve) {
  Begin(5);
  Press(6, 8);
  EXPECT_TRUE(actions_.empty());
  Pass(kPressFor + kBurstLookEvery);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
  const Decision begun = Of(DecisionKind::kBurst).at(0);
  EXPECT_EQ(begun.state, DecisionState::kOpen);
  EXPECT_EQ(begun.summary, "3 pods find no room on real nodes: virtual nodes are to take them");
  ASSERT_EQ(begun.evidence.size(), 3u);
  EXPECT_EQ(begun.evidence[0].observation,
            "shop/web-6 finds no node: 0/2 nodes are available: 1 Insufficient cpu.");
  Settle(absl::ZeroDuration());
  RunOn(kVirtual, 6, 8);
  done_.clear();
  Settle(kValveHold - absl::Milliseconds(400));
  EXPECT_TRUE(DoneTo(ActionKind::kCloseValve).empty());
  Settle();
  EXPECT_EQ(DoneTo(ActionKind::kCloseValve), std::vector<std::string>{kVirtual});
  const Decision ended = Of(DecisionKind::kBurst).at(0);
  EXPECT_EQ(ended.state, DecisionState::kSucceeded);
  EXPECT_EQ(ended.outcome, "Virtual nodes are closed again: every pod has had a node for 3.0 s");
}

// A pod that the valve does not help counts no more, and does not keep it open.
TEST_F(BurstStepTest, APodThatItDoesNotHelpCountsNoMore) {
  Begin(5);
  Press(6, 6);
  Settle();
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve).size(), 1u);
  Settle(kValveHelps + kValveHold + absl::Seconds(1));
  EXPECT_EQ(DoneTo(ActionKind::kCloseValve).size(), 1u);
  Settle(absl::Minutes(1));
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve).size(), 1u);
  Press(7, 7);  // another one may be helped
  Settle();
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve).size(), 2u);
}

// Under observe it is said once what would be done.
TEST_F(BurstStepTest, ObservesABurst) {
  Begin(5, BurstPolicyOf(PolicyMode::kObserve));
  done_.clear();
  Press(6, 8);
  Settle(absl::Seconds(30));
  EXPECT_TRUE(done_.empty());
  ASSERT_EQ(Of(DecisionKind::kBurst).size(), 1u);
  EXPECT_EQ(Of(DecisionKind::kBurst)[0].state, DecisionState::kObserved);
}

// L9: at the cap nothing is opened, and it is said with the figures, once.
TEST_F(BurstStepTest, NothingIsOpenedPastTheCap) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  Press(6, 8);
  Pass(absl::Milliseconds(900));  // before the scaler takes back what cannot be had
  EXPECT_TRUE(actions_.empty());
  ASSERT_EQ(Of(DecisionKind::kBurst).size(), 1u);
  const Decision refused = Of(DecisionKind::kBurst)[0];
  EXPECT_EQ(refused.state, DecisionState::kRefused);
  EXPECT_EQ(
      refused.outcome,
      "Nothing was done: the guard burst-cap refused: 3 pods more would make 3 on virtual nodes, and no "
      "more than 2 are allowed");
}

// What does not fit under the caps is taken back at once, so that the rest can be let in.
TEST_F(BurstStepTest, WhatDoesNotFitIsTakenBack) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  See(8);
  Press(6, 8);
  Even(3, 5);
  ASSERT_FALSE(actions_.empty());
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kSetReplicas);
  EXPECT_EQ(actions_[0].action.replicas->to, 7);
  actions_.clear();
  Gone(8);
  See(7);
  Even(2, 5);
  ASSERT_FALSE(actions_.empty());
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
}

// L8: nothing is begun while the API is away; afterwards it is planned from what is then true.
TEST_F(BurstStepTest, NothingIsBegunWithoutTheApi) {
  Begin(5);
  Do(ApiChanged{"local", false, "no answer"});
  Press(6, 8);
  Pass(absl::Seconds(30));
  EXPECT_TRUE(actions_.empty());
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(10));
  ASSERT_FALSE(actions_.empty());
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
}

// L11: what Kubernetes refused is asked again after a pause, though nothing else happens.
TEST_F(BurstStepTest, AnOpeningThatWasRefusedIsTriedAgain) {
  Begin(5);
  Press(6, 8);
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  Finish(std::exchange(actions_, {}).front(), ActionOutcome::kRefused, "forbidden");
  EXPECT_EQ(Of(DecisionKind::kBurst).front().state, DecisionState::kFailed);
  Pass(absl::Seconds(5));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
}

// L11: an action is taken back because the API is away, and the answer comes when it is back already.
TEST_F(BurstStepTest, WhatWasTakenBackTooLateIsHandedOutAgain) {
  Begin(5);
  Press(6, 8);
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  const ReleasedAction opening = std::exchange(actions_, {}).front();
  Do(ApiChanged{"local", false, "no answer"});
  Do(ApiChanged{"local", true, ""});
  Finish(opening, ActionOutcome::kWithdrawn);
  Pass(absl::Seconds(5));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
}

// L11: the policy goes while an opening is under way. The decision ends all the same.
TEST_F(BurstStepTest, AnOpeningEndsWithoutItsPolicy) {
  Begin(5);
  Press(6, 8);
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  const ReleasedAction opening = std::exchange(actions_, {}).front();
  Do(DeletePolicy{.request_id = 3, .name = "burst"});
  Finish(opening, ActionOutcome::kDone);
  Settle(absl::Seconds(5));
  EXPECT_EQ(Of(DecisionKind::kBurst).front().state, DecisionState::kCancelled);
}

// L8: an opening that had to wait is not right any more when more presses than a cap allows.
TEST_F(BurstStepTest, AnOpeningThatHadToWaitPassesItsGuardsAgain) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 3;
  Begin(5, policy);
  Press(6, 8);
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  const ReleasedAction opening = std::exchange(actions_, {}).front();
  Do(ApiChanged{"local", false, "no answer"});
  Finish(opening, ActionOutcome::kUnreachable);
  Press(9, 9);
  Do(ApiChanged{"local", true, ""});
  Settle(absl::Seconds(2));
  EXPECT_TRUE(DoneTo(ActionKind::kOpenValve).empty());
  EXPECT_EQ(Of(DecisionKind::kBurst).front().state, DecisionState::kCancelled);
  EXPECT_EQ(Of(DecisionKind::kBurst).back().state, DecisionState::kRefused);
}

// L4: a crash after the opening was handed out. It is asked again by the same decision, which ends as any
// other.
TEST_F(BurstStepTest, ARestartGoesOnWithTheBurst) {
  Begin(5);
  Press(6, 8);
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  Restart(absl::Seconds(2));
  SeeReal(kReal);
  SeeVirtual(true);
  See(5);
  RunOn(kReal, 1, 5);
  Press(6, 8);
  Do(ApiChanged{"local", true, ""});
  Settle(absl::Seconds(8));
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve), std::vector<std::string>{kVirtual});
  EXPECT_TRUE(DoneTo(ActionKind::kCloseValve).empty());
  RunOn(kVirtual, 6, 8);
  Settle(absl::Seconds(5));
  EXPECT_EQ(DoneTo(ActionKind::kCloseValve), std::vector<std::string>{kVirtual});
  ASSERT_EQ(Of(DecisionKind::kBurst).size(), 1u);
  EXPECT_EQ(Of(DecisionKind::kBurst)[0].state, DecisionState::kSucceeded);
}

// A node that cannot be closed is asked again after a pause of its own: no burst waits for it.
TEST_F(BurstStepTest, ANodeThatCannotBeClosedHoldsUpNoBurst) {
  Begin(5);
  NodeFacts other = RealNode("virtual-2", 1'000'000);
  other.reserved = true;
  other.traits = {"type=virtual-kubelet"};
  Do(NodeObserved{{"local", "virtual-2"}, other});
  Pass(kBurstLookEvery);
  ASSERT_EQ(Handed(ActionKind::kCloseValve).size(), 1u);
  EXPECT_EQ(actions_[0].action.name, "virtual-2");
  Finish(std::exchange(actions_, {}).front(), ActionOutcome::kRefused, "forbidden");
  Press(6, 6);
  Pass(kPressFor + 2 * kBurstLookEvery);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kOpenValve);
  EXPECT_EQ(actions_[0].action.name, kVirtual);
  Settle(absl::ZeroDuration());
  RunOn(kVirtual, 6, 6);
  Pass(kValveHold + absl::Seconds(1));  // both are to be closed then, as of the burst's end
  EXPECT_EQ(Handed(ActionKind::kCloseValve).size(), 2u);
}

// The same of one that is never refused: something else undoes it, or no answer comes.
TEST_F(BurstStepTest, ANodeThatIsNeverClosedHoldsUpNoBurst) {
  for (const ActionOutcome outcome : {ActionOutcome::kUnreachable, ActionOutcome::kBlocked}) {
    SCOPED_TRACE(static_cast<int>(outcome));
    if (outcome == ActionOutcome::kUnreachable) Begin(5);
    NodeFacts other = RealNode("virtual-2", 1'000'000);
    other.reserved = true;
    other.traits = {"type=virtual-kubelet"};
    Do(NodeObserved{{"local", "virtual-2"}, other});
    const auto answer = [&] {
      bool opened = false;
      for (const ReleasedAction& action : std::exchange(actions_, {})) {
        const bool other_node = action.action.name == "virtual-2";
        opened = opened || !other_node;
        Finish(action, other_node ? outcome : ActionOutcome::kDone, "another controller undoes it");
      }
      return opened;
    };
    for (int i = 0; i < 60; ++i) {
      Pass(absl::Seconds(1));
      ASSERT_FALSE(answer());
    }
    EXPECT_EQ(Of(DecisionKind::kValve).front().actions[0].result,
              "given up after 1 attempt: another controller undoes it");
    Press(6, 6);
    bool opened = false;
    for (int i = 0; i < 16 && !opened; ++i) {  // one try of the other node may be under way
      Pass(kBurstLookEvery);
      opened = answer();
    }
    EXPECT_TRUE(opened);
    Gone(6);
    Do(NodeGone{{"local", "virtual-2"}});
    Settle(absl::Seconds(10));
  }
}
// A burst whose nodes cannot be closed at its end is over all the same, and so is one that cannot be begun.
TEST_F(BurstStepTest, ABurstThatIsNeverClosedEnds) {
  Begin(5);
  Press(6, 6);
  Settle();
  RunOn(kVirtual, 6, 6);
  for (int i = 0; i < 15; ++i) {
    Pass(absl::Seconds(1));
    for (const ReleasedAction& action : std::exchange(actions_, {})) {
      Finish(action, ActionOutcome::kBlocked, "429");
    }
  }
  EXPECT_EQ(Of(DecisionKind::kBurst)[0].state, DecisionState::kFailed);
  EXPECT_EQ(Of(DecisionKind::kBurst)[0].outcome,
            "Virtual nodes could not be closed again: virtual-1: given up after 3 attempts: 429");
}

// L4: a crash while the valve is open. It stays open while pods press.
TEST_F(BurstStepTest, ARestartLeavesTheValveOpenWhilePodsPress) {
  Begin(5);
  Press(6, 8);
  Settle();
  done_.clear();
  Restart(absl::Seconds(2));
  SeeReal(kReal);
  SeeVirtual(false);
  See(5);
  RunOn(kReal, 1, 5);
  Press(6, 8);
  Do(ApiChanged{"local", true, ""});
  Settle(absl::Seconds(10));
  EXPECT_TRUE(done_.empty());
  for (int number = 6; number <= 8; ++number) Gone(number);
  Settle(absl::Seconds(10));
  EXPECT_EQ(DoneTo(ActionKind::kCloseValve), std::vector<std::string>{kVirtual});
  EXPECT_EQ(Of(DecisionKind::kBurst).size(), 1u);
}

// ---- the first to go ----

// Every pod that is bound to a virtual node is marked, once, and what somebody else has said of it stays.
TEST_F(BurstStepTest, PodsOnVirtualNodesAreMarked) {
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(true);
  Apply(BurstPolicyOf());
  Apply(WebPolicy());
  Do(ApiChanged{"local", true, "", 31});
  Pass(absl::Seconds(6));
  See(3);
  Put(1, {.node = kReal, .ready = true});
  Put(2, {.node = kVirtual});
  Put(3, {.node = kVirtual, .deletion_cost = 500});
  Settle();
  EXPECT_EQ(DoneTo(ActionKind::kSetDeletionCost), std::vector<std::string>{Name(2)});
  ASSERT_EQ(Of(DecisionKind::kFirstToGo).size(), 1u);
  EXPECT_EQ(Of(DecisionKind::kFirstToGo)[0].state, DecisionState::kSucceeded);
  EXPECT_EQ(Of(DecisionKind::kFirstToGo)[0].node, kVirtual);
  Put(2, {.node = kVirtual, .ready = true});  // told before the mark is seen
  Settle(absl::Seconds(5));
  Put(2, {.node = kVirtual, .ready = true, .deletion_cost = -100});
  Settle(absl::Seconds(5));
  EXPECT_EQ(DoneTo(ActionKind::kSetDeletionCost).size(), 1u);
}

// A server that heeds no cost is not asked to set one; there victims are evicted before the number goes down.
TEST_F(BurstStepTest, OnOldServersVirtualPodsAreEvictedFirst) {
  Do(ClusterAdded{"local"});
  SeeReal(kReal);
  SeeVirtual(true);
  Apply(BurstPolicyOf());
  Policy scale = WebPolicy();
  scale.scale().rules.behaviour.down.stabilisation = absl::ZeroDuration();
  Apply(scale);
  Do(ApiChanged{"local", true, "", 20});
  Pass(absl::Seconds(6));
  See(4);
  RunOn(kReal, 1, 2);
  RunOn(kVirtual, 3, 4);
  Settle();
  EXPECT_TRUE(done_.empty());
  for (int i = 0; i < 20 && actions_.empty(); ++i) Seconds(1, 4, 50);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kEvictPod);
  EXPECT_EQ(actions_[1].action.kind, ActionKind::kEvictPod);
  const ReleasedAction blocked = actions_[1];
  Finish(actions_[0], ActionOutcome::kDone);
  Finish(blocked, ActionOutcome::kBlocked, "a disruption budget");
  actions_.clear();
  Seconds(2, 4, 50);  // what may not go now goes by the number alone
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.kind, ActionKind::kSetReplicas);
  EXPECT_EQ(actions_[0].action.replicas->to, 2);
  Finish(actions_[0], ActionOutcome::kDone);
  EXPECT_EQ(Last().state, DecisionState::kSucceeded);
}

// ---- a provider that fails ----

// Pods that do not come up are given up, and nothing goes there for a minute; then for two.
TEST_F(BurstStepTest, AFailingProviderIsLeftAlone) {
  Begin(5);
  Press(6, 7);
  Settle();
  Put(6, {.node = kVirtual});
  Put(7, {.node = kVirtual});
  Settle(absl::Seconds(5));
  done_.clear();
  Settle(absl::Seconds(60));
  EXPECT_EQ(DoneTo(ActionKind::kEvictPod), (std::vector<std::string>{Name(6), Name(7)}));
  ASSERT_EQ(Of(DecisionKind::kBackOff).size(), 1u);
  EXPECT_EQ(Of(DecisionKind::kBackOff)[0].state, DecisionState::kSucceeded);
  EXPECT_EQ(clusters_.at("local").burst.provider.failures, 1u);
  Gone(6);
  Gone(7);
  Press(8, 9);
  done_.clear();
  Settle(absl::Seconds(30));
  EXPECT_TRUE(DoneTo(ActionKind::kOpenValve).empty());
  EXPECT_EQ(Of(DecisionKind::kBurst).back().state, DecisionState::kRefused);
  Settle(absl::Seconds(31));
  EXPECT_EQ(DoneTo(ActionKind::kOpenValve).size(), 1u);
  Put(8, {.node = kVirtual});
  Put(9, {.node = kVirtual});
  RunOn(kVirtual, 8, 9);
  Settle();
  EXPECT_EQ(clusters_.at("local").burst.provider.failures, 0u);
}

// A pod that never comes up and that nobody may move is one failure, and not one after each pause.
TEST_F(BurstStepTest, EachPodIsOneFailureOfTheProvider) {
  Begin(5);
  Press(6, 6);
  Settle();
  Put(6, {.node = kVirtual});
  for (int i = 0; i < 10; ++i) Settle(absl::Minutes(1));
  EXPECT_EQ(clusters_.at("local").burst.provider.failures, 1u);
}

// L8: while the API is away nobody sees pods come up: that is no failure of their provider.
TEST_F(BurstStepTest, AnOutageIsNoFailureOfTheProvider) {
  Begin(5);
  Press(6, 7);
  Settle();
  Put(6, {.node = kVirtual});
  Put(7, {.node = kVirtual});
  Settle(absl::Seconds(5));
  Do(ApiChanged{"local", false, "no answer"});
  Pass(absl::Seconds(70));
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(3));
  RunOn(kVirtual, 6, 7);
  Settle(absl::Seconds(90));
  EXPECT_EQ(clusters_.at("local").burst.provider.failures, 0u);
  EXPECT_TRUE(Of(DecisionKind::kBackOff).empty());
}

// A pod that has come up once and then is not Ready has a fault of its own.
TEST_F(BurstStepTest, APodThatHasComeUpIsNoFailureOfTheProvider) {
  Begin(7);
  Put(6, {.node = kVirtual});
  Settle(absl::Seconds(90));
  EXPECT_EQ(clusters_.at("local").burst.provider.failures, 0u);
  EXPECT_TRUE(Of(DecisionKind::kBackOff).empty());
}

// L8: evictions that nobody answered are not asked again of a pod that has come up meanwhile.
TEST_F(BurstStepTest, WhatComesUpMeanwhileIsNotGivenUp) {
  Begin(5);
  Press(6, 7);
  Settle();
  Put(6, {.node = kVirtual});
  Put(7, {.node = kVirtual});
  Settle(absl::Seconds(5));
  Pass(absl::Seconds(60));
  const std::vector<ReleasedAction> evictions = std::exchange(actions_, {});
  ASSERT_EQ(evictions.size(), 2u);
  for (const ReleasedAction& eviction : evictions) Finish(eviction, ActionOutcome::kUnreachable);
  Put(6, {.node = kVirtual, .ready = true});
  Pass(absl::Seconds(3));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.name, Name(7));
}

// ---- money ----

// When the last pod has left, it is said what the burst was and what it cost, also over a restart.
TEST_F(BurstStepTest, TheBurstsCostIsToldAtItsEnd) {
  Begin(8);  // three on the virtual node
  ASSERT_TRUE(clusters_.at("local").burst.ledger.began.has_value());
  EXPECT_EQ(clusters_.at("local").burst.ledger.use.pods, 3);
  const absl::Time began = *clusters_.at("local").burst.ledger.began;
  Restart(absl::Minutes(10));
  SeeReal(kReal);
  SeeVirtual(true);
  See(8);
  RunOn(kReal, 1, 5);
  RunOn(kVirtual, 6, 8);
  Do(ApiChanged{"local", true, ""});
  Pass(began + absl::Hours(1) - now_);
  for (int number = 6; number <= 8; ++number) Gone(number);
  Pass(absl::Seconds(1));
  const std::vector<Decision> bursts = Of(DecisionKind::kBurst);
  ASSERT_FALSE(bursts.empty());
  // 0.6 cores for an hour, at 0.04 an hour.
  EXPECT_EQ(bursts.back().summary, "The burst is over: 3 pods on virtual nodes at most, 60 min, 0.0240 USD");
  EXPECT_FALSE(clusters_.at("local").burst.ledger.began.has_value());
}

// A burst whose time is used up begins no new one while more is wanted, or it would have no end: not when its
// last pod has left, and not after a restart. It is over when nobody has wanted more for a while.
TEST_F(BurstStepTest, WhatIsUsedUpIsNotBegunAnew) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.duration = absl::Minutes(1);
  Begin(8, policy);
  const absl::Time began = *clusters_.at("local").burst.ledger.began;
  Even(70, 8);
  Settle(absl::ZeroDuration());
  ASSERT_EQ(DoneTo(ActionKind::kSetReplicas).size(), 1u);
  EXPECT_EQ(done_.back().replicas->to, 5);
  See(5);
  for (int number = 6; number <= 8; ++number) Gone(number);
  const auto ask_for_more = [this](int seconds) {
    for (int i = 0; i < seconds; ++i) {
      Tell(5, 160);
      Pass(absl::Seconds(1));
    }
  };
  ask_for_more(kUsedUpFor / absl::Seconds(1) + 60);
  EXPECT_TRUE(Handed(ActionKind::kSetReplicas).empty());
  EXPECT_EQ(clusters_.at("local").burst.ledger.began, began);
  EXPECT_EQ(clusters_.at("local").burst.ledger.use.pods, 0);
  Restart(absl::Seconds(5));
  SeeReal(kReal);
  SeeVirtual(true);
  See(5);
  RunOn(kReal, 1, 5);
  Do(ApiChanged{"local", true, ""});
  ask_for_more(60);
  EXPECT_TRUE(Handed(ActionKind::kSetReplicas).empty());
  EXPECT_EQ(clusters_.at("local").burst.ledger.began, began);
  Even(static_cast<int>(kUsedUpFor / absl::Seconds(1)) + 300, 5);  // a panic has its time to end
  EXPECT_FALSE(clusters_.at("local").burst.ledger.began.has_value());
}

// A pod that no virtual node helps does not keep a burst that is used up from its end.
TEST_F(BurstStepTest, WhatIsUsedUpEndsThoughAHelplessPodPresses) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.duration = absl::Minutes(1);
  Begin(8, policy);
  Press(9, 9);
  Settle(kValveHelps + absl::Seconds(5));
  Even(60, 8);
  Settle(absl::ZeroDuration());
  See(5);
  for (int number = 6; number <= 8; ++number) Gone(number);
  Settle();
  EXPECT_TRUE(clusters_.at("local").burst.ledger.began.has_value());
  Even(static_cast<int>(kUsedUpFor / absl::Seconds(1)) + 60, 5);
  EXPECT_FALSE(clusters_.at("local").burst.ledger.began.has_value());
}

// Nor does one with which that was never tried: after a restart, or since virtual nodes are closed for good.
TEST_F(BurstStepTest, WhatIsUsedUpEndsThoughAPodPressesAfterARestart) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.duration = absl::Minutes(1);
  Begin(8, policy);
  Even(70, 8);
  Settle(absl::ZeroDuration());
  See(5);
  for (int number = 6; number <= 8; ++number) Gone(number);
  Press(9, 9);
  Settle();
  ASSERT_TRUE(clusters_.at("local").burst.ledger.began.has_value());
  Restart(absl::Seconds(5));
  SeeReal(kReal);
  SeeVirtual(true);
  See(5);
  RunOn(kReal, 1, 5);
  Press(9, 9);
  Do(ApiChanged{"local", true, ""});
  const int while_of_its_own = static_cast<int>(kUsedUpFor / absl::Seconds(1));
  Even(while_of_its_own - 30, 5);
  EXPECT_TRUE(clusters_.at("local").burst.ledger.began.has_value());
  Even(while_of_its_own + 90, 5);
  EXPECT_FALSE(clusters_.at("local").burst.ledger.began.has_value());
}

// While the valve is open nobody can tell where new pods go: the scaler asks for no more than the caps leave.
TEST_F(BurstStepTest, NothingMoreIsAskedForThroughAnOpenValve) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  SeeReal(kSecond, 200);
  See(7);
  Press(6, 7);  // by the scheduler's word; by our count there is room for one of them
  Settle(absl::Milliseconds(500));
  ASSERT_EQ(DoneTo(ActionKind::kOpenValve).size(), 1u);
  for (int i = 0; i < 2; ++i) {
    Tell(5, 160);
    Pass(absl::Seconds(1));
  }
  EXPECT_TRUE(Handed(ActionKind::kSetReplicas).empty());
}

// What has come to virtual nodes a moment ago counts at once, and not from the next look at them on.
TEST_F(BurstStepTest, WhatHasJustComeToVirtualNodesCounts) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  See(7);
  Press(6, 7);
  Settle(absl::Milliseconds(500));
  ASSERT_EQ(DoneTo(ActionKind::kOpenValve).size(), 1u);
  for (int i = 0; i < 20; ++i) {  // whenever the scaler and the virtual nodes are looked at
    for (const int number : {6, 7}) Put(number, {.node = kVirtual, .ready = true});
    Tell(7, 160);
    Pass(absl::Milliseconds(110));
    ASSERT_TRUE(Handed(ActionKind::kSetReplicas).empty());
    for (const int number : {6, 7}) Put(number, {.unschedulable = true});
  }
}

// L9: of a StatefulSet the highest ordinal goes. Where one below it presses, to ask for fewer would take pods
// that run, one after the other, and it would press still.
TEST_F(BurstStepTest, NoPodOfAStatefulSetThatRunsIsTakenForOneThatPresses) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 1;
  Begin(6, policy);  // the cap is reached
  ScaleDatabase(5);
  for (const int ordinal : {0, 1, 2, 3, 4}) {
    const std::string node = ordinal == 2 ? "" : kReal;
    PutDatabasePod(ordinal, node);
    TellDatabasePod(ordinal, node);
  }
  ExpectDatabaseIsLeft(30);
}

// L9: nor one that is not told yet: nobody knows whether it is the highest.
TEST_F(BurstStepTest, NoPodOfAStatefulSetThatIsNotToldYetIsTaken) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.duration = absl::Minutes(1);
  Begin(6, policy);
  Even(70, 6);  // its time is used up
  Settle(absl::ZeroDuration());
  ScaleDatabase(3);
  for (const int ordinal : {0, 1}) {
    const std::string node = ordinal == 1 ? kVirtual : kReal;
    PutDatabasePod(ordinal, node);
    TellDatabasePod(ordinal, node);
  }
  ExpectDatabaseIsLeft(2);
  TellDatabasePod(2, kReal);  // of the workload's pods, and not of the cluster's yet
  ExpectDatabaseIsLeft(20);
  PutDatabasePod(2, kReal);
  ExpectDatabaseIsLeft(10);
}

// A node has just come that has room for what presses: the scheduler comes to that, and nothing is taken back
// meanwhile. What presses all the same is.
TEST_F(BurstStepTest, WhatANodeThatCameMayTakeIsNotTakenBack) {
  Policy policy = BurstPolicyOf();
  policy.burst().caps.pods = 2;
  Begin(5, policy);
  See(8);
  Press(6, 8);
  SeeReal(kSecond);
  for (int i = 0; i < 8; ++i) {
    Even(1, 5);
    ASSERT_TRUE(Handed(ActionKind::kSetReplicas).empty());
  }
  Even(5, 5);
  ASSERT_EQ(Handed(ActionKind::kSetReplicas).size(), 1u);
  EXPECT_EQ(Handed(ActionKind::kSetReplicas)[0].action.replicas->to, 7);
}

}  // namespace
}  // namespace evenkeel::coordinator
