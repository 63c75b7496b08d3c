// Headroom in the core's step: while pods are on virtual nodes, placeholders of their shape ask for real
// machines and a webhook is asked as well; they go with the burst, whatever becomes of its policy or of us,
// and count for nothing themselves.

#include "coordinator/core/burst/headroom.h"

#include "coordinator/core/burst/burst_state.h"
#include "coordinator/core/burst/valve.h"
#include "tests/unit/core/burst/burst_fixture.h"

namespace evenkeel::coordinator {
namespace {

constexpr char kWebhook[] = "http://machines.example/ask";

class HeadroomStepTest : public BurstFixture {
 protected:
  static Workload Room() { return {"apps", "Deployment", "evenkeel", kHeadroomName}; }

  static Policy WithWebhook() {
    Policy policy = BurstPolicyOf();
    policy.burst().headroom.placeholders = false;
    policy.burst().headroom.webhook = kWebhook;
    return policy;
  }

  void SeeRoom(int64_t replicas, const std::string& uid = "uid-room") {
    WorkloadFacts facts;
    facts.uid = uid;
    facts.replicas = facts.status_replicas = replicas;
    Do(WorkloadObserved{"local", Room(), facts});
  }
  void PutPlaceholder(int number, const std::string& node, bool unschedulable = false) {
    PodFacts facts;
    facts.uid = absl::StrCat("uid-room-", number);
    facts.node = node;
    facts.phase = node.empty() ? "Pending" : "Running";
    facts.ready = !node.empty();
    facts.controller = {"ReplicaSet", "evenkeel-headroom-7f9", "uid-room-rs"};
    facts.requests = {.cpu_millicores = 200, .memory_bytes = int64_t{32} << 20, .pods = 1};
    facts.priority = -10;
    facts.unschedulable = unschedulable;
    facts.tolerates = unschedulable;  // even then it presses for nothing
    Do(PodObserved{{"local", "evenkeel", absl::StrCat("room-", number)}, facts});
  }

  // Pods 6 to `last` are on the virtual node, and the Deployment is seen.
  void Burst(int last, const Policy& policy = BurstPolicyOf()) {
    Begin(last, policy);
    SeeRoom(0);
    Pass(absl::Seconds(1));
  }
  // The one change of placeholders that is handed out.
  ReleasedAction Change() {
    const std::vector<ReleasedAction> handed = Handed(ActionKind::kSetPlaceholders);
    EXPECT_EQ(handed.size(), 1u);
    actions_.clear();
    return handed.empty() ? ReleasedAction{} : handed.front();
  }
  // Three placeholders stand.
  void Place() {
    Burst(8);
    Finish(Change(), ActionOutcome::kDone);
    SeeRoom(3);
  }
  void EndBurst() {
    for (int number = 6; number <= 8; ++number) Gone(number);
    Pass(absl::Milliseconds(600));
  }
  Decision LastHeadroom() const { return Of(DecisionKind::kHeadroom).back(); }
};

// ---- placeholders ----

// As many as are on the virtual node, of their shape, by one decision with the guards' answers; the
// Deployment is watched from the policy's beginning.
TEST_F(HeadroomStepTest, PlaceholdersMakeUpForWhatIsOnVirtualNodes) {
  Burst(8);
  ASSERT_EQ(Asked<WatchWorkload>().back().workload, Room());
  const ReleasedAction change = Change();
  EXPECT_EQ(change.action.name_space, "evenkeel");
  EXPECT_EQ(change.action.uid, "uid-room");
  ASSERT_TRUE(change.action.replicas);
  EXPECT_EQ(change.action.replicas->from, 0);
  EXPECT_EQ(change.action.replicas->to, 3);
  EXPECT_EQ(change.action.requests->cpu_millicores, 200);
  EXPECT_EQ(change.action.requests->memory_bytes, int64_t{32} << 20);
  Finish(change, ActionOutcome::kDone);
  EXPECT_EQ(LastHeadroom().state, DecisionState::kSucceeded);
  EXPECT_EQ(LastHeadroom().policy, "burst");
  SeeRoom(3);
  Pass(absl::Minutes(1));
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
}

// What is asked for is shown: how many placeholders of which shape, by what, and what is under way.
TEST_F(HeadroomStepTest, IsShown) {
  Burst(8);
  ASSERT_TRUE(burst_);
  EXPECT_TRUE(burst_->headroom.placeholders);
  EXPECT_FALSE(burst_->headroom.webhook);
  EXPECT_EQ(burst_->headroom.deployment, Room());
  EXPECT_EQ(burst_->headroom.number, 0);
  EXPECT_EQ(burst_->headroom.change, LastHeadroom().id);
  Finish(Change(), ActionOutcome::kDone);
  SeeRoom(3);
  Pass(absl::Seconds(1));
  EXPECT_EQ(burst_->headroom.number, 3);
  EXPECT_EQ(burst_->headroom.each.cpu_millicores, 200);
  EXPECT_FALSE(burst_->headroom.change);
}

// After a restart, and while their Deployment cannot be read, nobody knows how many there are; where none was
// placed, and when there is no Deployment, there is none.
TEST_F(HeadroomStepTest, WhatIsNotSeenIsNotShownAsNone) {
  Begin(5);
  EXPECT_FALSE(burst_->headroom.unknown);
  RunOn(kVirtual, 6, 8);
  SeeRoom(0);
  Pass(absl::Seconds(1));
  Finish(Change(), ActionOutcome::kDone);
  SeeRoom(3);
  Pass(absl::Seconds(1));
  EXPECT_FALSE(burst_->headroom.unknown);
  Restart(absl::Seconds(2));
  SeeReal(kReal);
  SeeVirtual(true);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Seconds(1));
  EXPECT_TRUE(burst_->headroom.unknown);
  SeeRoom(3);
  Pass(absl::Seconds(1));
  EXPECT_FALSE(burst_->headroom.unknown);
  Do(WorkloadGone{.cluster = "local", .workload = Room(), .reason = "it cannot be read"});
  Pass(absl::Seconds(1));
  EXPECT_TRUE(burst_->headroom.unknown);
  Do(WorkloadGone{.cluster = "local", .workload = Room(), .reason = "there is none", .absent = true});
  Pass(absl::Seconds(1));
  EXPECT_FALSE(burst_->headroom.unknown);
}

// They follow the burst, no more often than each few seconds, and are gone with it at once.
TEST_F(HeadroomStepTest, TheyFollowTheBurst) {
  Place();
  RunOn(kVirtual, 9, 9);
  Pass(absl::Seconds(1));
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
  Pass(kHeadroomEvery);
  const ReleasedAction more = Change();
  EXPECT_EQ(more.action.replicas->to, 4);
  Finish(more, ActionOutcome::kDone);
  SeeRoom(4);
  Gone(9);
  EndBurst();
  const ReleasedAction none = Change();
  EXPECT_EQ(none.action.replicas->to, 0);
  Finish(none, ActionOutcome::kDone);
  SeeRoom(0);
  Pass(absl::Seconds(1));
  EXPECT_TRUE(clusters_["local"].burst.headroom.name_space.empty());
}

// Their Deployment is deleted while they stand: when they are not wanted any more nothing is left of them,
// and nothing to be done. One that only cannot be read may hold them still.
TEST_F(HeadroomStepTest, TheyAreGoneWithTheirDeployment) {
  Place();
  Do(WorkloadGone{.cluster = "local", .workload = Room(), .reason = "it cannot be read", .absent = false});
  EndBurst();
  Pass(absl::Seconds(1));
  EXPECT_EQ(clusters_["local"].burst.headroom.name_space, "evenkeel");
  Do(WorkloadGone{.cluster = "local", .workload = Room(), .reason = "there is none", .absent = true});
  Pass(absl::Seconds(1));
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
  EXPECT_TRUE(clusters_["local"].burst.headroom.name_space.empty());
}

// Pods of a StatefulSet do not come home: a machine for them would stand idle.
TEST_F(HeadroomStepTest, NoneForPodsOfStatefulSets) {
  Burst(5);
  const Workload database{"apps", "StatefulSet", "shop", "db"};
  Policy scale = WebPolicy();
  scale.name = "db";
  scale.scale().target = database;
  Apply(scale);
  WorkloadFacts workload;
  workload.uid = "uid-db";
  workload.replicas = workload.status_replicas = 2;
  Do(WorkloadObserved{"local", database, workload});
  for (int number = 20; number <= 21; ++number) {
    PodFacts facts;
    facts.uid = Uid(number);
    facts.node = kVirtual;
    facts.phase = "Running";
    facts.ready = true;
    facts.controller = {"StatefulSet", "db", "uid-db"};
    facts.requests = {.cpu_millicores = 200, .memory_bytes = int64_t{32} << 20, .pods = 1};
    Do(PodObserved{{"local", "shop", absl::StrCat("db-", number)}, facts});
    WorkloadPodFacts known = PodFactsOf(number);
    known.node = kVirtual;
    Do(WorkloadPodObserved{"local", database, Uid(number), known});
  }
  Pass(2 * kHeadroomEvery);
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
}

// Under observe it is said once what would be asked for; a policy that is paused leaves them as they are.
TEST_F(HeadroomStepTest, ObserveAndPause) {
  Burst(8, BurstPolicyOf(PolicyMode::kObserve));
  Pass(absl::Minutes(1));
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
  ASSERT_EQ(Of(DecisionKind::kHeadroom).size(), 1u);
  EXPECT_EQ(LastHeadroom().state, DecisionState::kObserved);
  Apply(BurstPolicyOf());
  Pass(absl::Seconds(1));
  Finish(Change(), ActionOutcome::kDone);
  SeeRoom(3);
  Policy paused = BurstPolicyOf();
  paused.burst().paused = true;
  Apply(paused);
  EndBurst();
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
  Apply(BurstPolicyOf(PolicyMode::kObserve));  // it rules nothing any more: what was done is undone
  Pass(absl::Seconds(1));
  EXPECT_EQ(Change().action.replicas->to, 0);
}

// While the cluster is paused nothing is changed; what is then wanted is done when that is over.
TEST_F(HeadroomStepTest, APauseOfTheClusterHoldsThem) {
  Place();
  Do(PauseClusters{.request_id = 3, .cluster = "local"});
  EndBurst();
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
  Do(ResumeClusters{.request_id = 4, .cluster = "local"});
  Pass(absl::Seconds(1));
  EXPECT_EQ(Change().action.replicas->to, 0);
}

// When the policy goes, so do they, also where the coordinator dies in between.
TEST_F(HeadroomStepTest, TheyGoWithThePolicy) {
  Place();
  Do(DeletePolicy{.request_id = 2, .name = "burst"});
  Restart();
  SeeReal(kReal);
  SeeVirtual(false);
  RunOn(kVirtual, 6, 8);
  List();
  ASSERT_EQ(Asked<WatchWorkload>().back().workload, Room());
  SeeRoom(3);
  Pass(absl::Seconds(1));
  const ReleasedAction none = Change();
  EXPECT_EQ(none.action.replicas->to, 0);
  Finish(none, ActionOutcome::kDone);
  SeeRoom(0);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Asked<UnwatchWorkload>().back().workload, Room());
}

// L4, L8: a restart in the midst of a change closes it, and what is then seen decides.
TEST_F(HeadroomStepTest, ARestartPlansAnew) {
  Burst(8);
  ASSERT_EQ(Handed(ActionKind::kSetPlaceholders).size(), 1u);
  Restart(absl::Seconds(3));
  EXPECT_EQ(LastHeadroom().state, DecisionState::kCancelled);
  SeeReal(kReal);
  SeeVirtual(true);
  RunOn(kReal, 1, 5);
  RunOn(kVirtual, 6, 8);
  List();
  SeeRoom(3);
  Pass(absl::Seconds(1));
  const ReleasedAction change = Change();
  EXPECT_EQ(change.action.replicas->to, 3);
  Finish(change, ActionOutcome::kAlreadyDone);
  Pass(absl::Minutes(1));
  EXPECT_TRUE(Handed(ActionKind::kSetPlaceholders).empty());
}

// Somebody sets their number by hand, or applies the manifest anew: it is put right.
TEST_F(HeadroomStepTest, WhatSomebodyElseSetsIsPutRight) {
  Place();
  SeeRoom(0);
  Pass(kHeadroomEvery + absl::Seconds(1));
  EXPECT_EQ(Change().action.replicas->to, 3);
}

// Without the Deployment nothing is done, which is said once a burst.
TEST_F(HeadroomStepTest, ADeploymentThatIsNotThereIsSaid) {
  Begin(8);
  Do(WorkloadGone{"local", Room(), "there is none"});
  Pass(absl::Minutes(1));
  ASSERT_EQ(Of(DecisionKind::kHeadroom).size(), 1u);
  EXPECT_EQ(LastHeadroom().state, DecisionState::kRefused);
  EXPECT_EQ(LastHeadroom().outcome,
            "Nothing was done: the guard deployment refused: Deployment evenkeel/evenkeel-headroom cannot be "
            "used: there is none");
}

// A change that Kubernetes refuses is shown, and tried again after growing pauses.
TEST_F(HeadroomStepTest, ARefusedChangeIsTriedAgain) {
  Burst(8);
  Finish(Change(), ActionOutcome::kRefused, "forbidden");
  EXPECT_EQ(LastHeadroom().state, DecisionState::kFailed);
  Pass(kHeadroomEvery + absl::Seconds(1));
  EXPECT_EQ(Change().action.replicas->to, 3);
}

// What they hold is free: pods come home into it, and while those do, so many fewer stand.
TEST_F(HeadroomStepTest, PodsComeHomeIntoTheirRoom) {
  Place();
  SeeReal(kSecond, 600);
  for (int number = 1; number <= 3; ++number) PutPlaceholder(number, kSecond);
  for (int second = 0; second < 45 && Handed(ActionKind::kSetReplicas).empty(); ++second) Even(1, 8);
  const std::vector<ReleasedAction> surge = Handed(ActionKind::kSetReplicas);
  ASSERT_EQ(surge.size(), 1u);
  EXPECT_EQ(surge[0].action.replicas->to, 11);
  EXPECT_EQ(Change().action.replicas->to, 0);
}

// A pod that finds no room where placeholders hold some is given time to have it; one for which there is
// none presses as ever.
TEST_F(HeadroomStepTest, APodWaitsForPlaceholdersToMakeWay) {
  Place();
  SeeReal(kSecond, 600);
  for (int number = 1; number <= 3; ++number) PutPlaceholder(number, kSecond);
  Press(9, 9);
  Pass(kPressFor + kBurstLookEvery);
  EXPECT_TRUE(Handed(ActionKind::kOpenValve).empty());
  Pass(kMakeWay);
  EXPECT_EQ(Handed(ActionKind::kOpenValve).size(), 1u);
}
TEST_F(HeadroomStepTest, APodWithoutAnyRoomPressesAsEver) {
  Place();
  Press(9, 9);
  Pass(kPressFor + kBurstLookEvery);
  EXPECT_EQ(Handed(ActionKind::kOpenValve).size(), 1u);
}

// A placeholder that finds no room asks a cluster autoscaler, and nobody else.
TEST_F(HeadroomStepTest, APlaceholderDoesNotPress) {
  Place();
  for (int number = 1; number <= 3; ++number) PutPlaceholder(number, "", true);
  Pass(absl::Seconds(5));
  EXPECT_TRUE(Handed(ActionKind::kOpenValve).empty());
}

// ---- the webhook ----

// It is asked once a burst for all that is missing, again when a half more is, and anew in the next burst.
TEST_F(HeadroomStepTest, TheWebhookIsAskedOnce) {
  Begin(8, WithWebhook());
  std::vector<Action> asked;
  for (const Action& action : done_) {
    if (action.kind == ActionKind::kAskForMachines) asked.push_back(action);
  }
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked.back().name, kWebhook);
  RunOn(kVirtual, 6, 8);
  Settle(absl::Minutes(1));
  done_.clear();
  Settle(absl::Minutes(5));
  EXPECT_TRUE(DoneTo(ActionKind::kAskForMachines).empty());
  RunOn(kVirtual, 9, 10);
  Settle(absl::Minutes(1));
  ASSERT_EQ(DoneTo(ActionKind::kAskForMachines).size(), 1u);
  EXPECT_EQ(LastHeadroom().actions.at(0).requests->pods, 5);
  EXPECT_EQ(LastHeadroom().actions.at(0).requests->cpu_millicores, 1000);
  for (int number = 6; number <= 10; ++number) Gone(number);
  Settle(absl::Seconds(5));
  done_.clear();
  RunOn(kVirtual, 6, 6);
  Settle(absl::Seconds(5));
  EXPECT_EQ(DoneTo(ActionKind::kAskForMachines).size(), 1u);
}

// A webhook that fails is shown, holds nothing up, and is asked again after a pause.
TEST_F(HeadroomStepTest, AWebhookThatFailsIsShown) {
  Begin(5, WithWebhook());
  Press(6, 8);
  Pass(kPressFor + kBurstLookEvery);
  const std::vector<ReleasedAction> asked = Handed(ActionKind::kAskForMachines);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0].action.requests->cpu_millicores, 600);
  EXPECT_EQ(Handed(ActionKind::kOpenValve).size(), 1u);  // nobody has answered yet
  Finish(Handed(ActionKind::kOpenValve)[0], ActionOutcome::kDone);
  RunOn(kVirtual, 6, 8);
  Finish(asked[0], ActionOutcome::kRefused, "it answered 503");
  EXPECT_EQ(LastHeadroom().state, DecisionState::kFailed);
  EXPECT_EQ(LastHeadroom().outcome,
            "The webhook was asked in vain: it answered 503. It is asked again in 60 s if the burst lasts");
  actions_.clear();
  Pass(absl::Seconds(50));
  EXPECT_TRUE(Handed(ActionKind::kAskForMachines).empty());
  EXPECT_EQ(burst_->headroom.asked_in_vain, "it answered 503");
  EXPECT_EQ(burst_->headroom.asked.pods, 0);
  Pass(absl::Seconds(15));
  ASSERT_EQ(Handed(ActionKind::kAskForMachines).size(), 1u);
  Finish(Handed(ActionKind::kAskForMachines)[0], ActionOutcome::kDone);
  Pass(absl::Seconds(1));
  EXPECT_EQ(burst_->headroom.asked_in_vain, "");
  EXPECT_EQ(burst_->headroom.asked.pods, 3);
}

// When the burst is over, nobody waits for its answer any more.
TEST_F(HeadroomStepTest, AQuestionEndsWithTheBurst) {
  Begin(5, WithWebhook());
  RunOn(kVirtual, 6, 8);
  Pass(absl::Seconds(1));
  const std::vector<ReleasedAction> asked = Handed(ActionKind::kAskForMachines);
  ASSERT_EQ(asked.size(), 1u);
  requests_.clear();
  EndBurst();
  ASSERT_EQ(Asked<WithdrawActions>().size(), 1u);
  Finish(asked[0], ActionOutcome::kWithdrawn);
  Pass(absl::Seconds(1));
  EXPECT_EQ(LastHeadroom().state, DecisionState::kCancelled);
}

// The same where the question was on its way already.
TEST_F(HeadroomStepTest, AQuestionThatIsEndedIsNoFailure) {
  Begin(5, WithWebhook());
  RunOn(kVirtual, 6, 8);
  Pass(absl::Seconds(1));
  const std::vector<ReleasedAction> asked = Handed(ActionKind::kAskForMachines);
  ASSERT_EQ(asked.size(), 1u);
  EndBurst();
  Finish(asked[0], ActionOutcome::kRefused, "ended: it is not wanted any more");
  EXPECT_EQ(LastHeadroom().state, DecisionState::kCancelled);
}

}  // namespace
}  // namespace evenkeel::coordinator
