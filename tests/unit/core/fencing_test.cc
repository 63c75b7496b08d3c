// L5 from end to end in the core: what agents are told, what of it counts, how long is waited and from when,
// and that nothing which must not run twice is moved before a proof.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/core/fencing_world.h"

namespace evenkeel::coordinator {
namespace {

// Without a policy that asks for it no agent is told anything.
TEST_F(FencingTest, NobodyIsToldAnythingByDefault) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  EXPECT_TRUE(told_.empty());
}

// Each agent hears of its pods that must not run twice and of three peers, and what it confirms is durable.
TEST_F(FencingTest, AgentsAreArmed) {
  AddPod("db-0", "node-1");
  Raise(5);
  Apply(SelfFencing());
  const FencingSettings& told = told_.at("node-1");
  EXPECT_TRUE(told.armed);
  EXPECT_TRUE(told.release);
  EXPECT_EQ(told.isolation_timeout, absl::Seconds(10));
  ASSERT_EQ(told.marked.size(), 1u);
  EXPECT_EQ(told.marked[0].uid, "uid-db-0-node-1");
  EXPECT_EQ(told.vouchers.size(), kVouchers);
  const NodeFencing& record = records_.at(Key("node-1")).fencing;
  ASSERT_TRUE(record.armed);
  EXPECT_EQ(record.armed->pods, std::vector<std::string>{"uid-db-0-node-1"});
  EXPECT_EQ(record.armed->watchdog_timeout, kWatchdog);
  EXPECT_EQ(record.vouchers.size(), kVouchers);
  // A pod that comes later is marked, too.
  AddPod("db-1", "node-1");
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 2u);
}

// Without a peer that could vouch, every absence of the coordinator would be isolation: such an agent is not
// armed.
TEST_F(FencingTest, AnAgentWithoutPeersIsNotArmed) {
  AddPod("db-0", "node-1");
  Raise(1);
  Apply(SelfFencing());
  EXPECT_FALSE(told_.at("node-1").armed);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
}

// The pod moves once the computed minimum has passed, not before, and within a fresh verdict's time after it;
// in the one decision of the node.
TEST_F(FencingTest, MovesAfterTheEnforcedMinimum) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_TRUE(WhenDone(ActionKind::kMarkPodUnready, "db-0"));
  EXPECT_EQ(Failover("node-1").state, DecisionState::kOpen);
  Pass(Minimum() - absl::Seconds(3));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(5));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - last_beat_["node-1"], Minimum());
  EXPECT_FALSE(Moved("db-1"));
  AddPod("db-0", "node-3");
  EXPECT_EQ(Failovers(), 1u);
  const Decision& decision = Failover("node-1");
  EXPECT_EQ(decision.state, DecisionState::kSucceeded) << decision.outcome;
  EXPECT_TRUE(decision.timings.fenced);
  EXPECT_TRUE(Says(decision, "nobody vouches for it any more"));
  EXPECT_TRUE(Says(decision, "its agent has stopped its pods"));
  EXPECT_FALSE(Says(decision, "must not run twice: it waits"));
}

// The wait begins with the last promise: before it a peer may still have vouched. And without all promises it
// never ends.
TEST_F(FencingTest, WaitsForEveryVoucher) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  mute_.insert("node-3");
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  mute_.clear();
  const absl::Time promised = now_;
  Give(FencingReported{.node = Key("node-3"),
                       .session_id = sessions_["node-3"],
                       .version = told_["node-3"].version,
                       .armed = true,
                       .watchdog_timeout = kWatchdog,
                       .fenced = false,
                       .detail = ""});
  Pass(Minimum() - absl::Seconds(1));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(3));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - promised, Minimum());
}

// What the agent has not confirmed does not count: neither an agent that follows nothing, nor a pod it has
// not heard of.
TEST_F(FencingTest, OnlyWhatWasConfirmedCounts) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  mute_.insert("node-1");
  Apply(SelfFencing());
  Off("node-1");
  mute_.insert("node-2");
  AddPod("db-9", "node-2");
  Off("node-2");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "it had not confirmed that it would"));
  EXPECT_TRUE(Moved("db-1"));
  EXPECT_FALSE(Moved("db-9"));
  // A proof that holds for more is acted on, whatever was proven before.
  EXPECT_TRUE(Confirm("node-2").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-9"));
}

// A voucher is asked at its address: when that changes, or the voucher is no more, those who ask it hear of
// it.
TEST_F(FencingTest, AskersHearOfTheirVouchersChanges) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  NodeFacts facts = Facts("node-2");
  facts.address = "10.9.9.9";
  Give(NodeObserved{Key("node-2"), facts});
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 3u);
  EXPECT_EQ(told_.at("node-1").vouchers[0].address, "10.9.9.9");
  Give(NodeGone{Key("node-3")});
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 2u);
  EXPECT_EQ(told_.at("node-1").vouchers[1].node, "node-4");
}

// A peer that was failed over itself is nobody's voucher any more: it would be asked in vain.
TEST_F(FencingTest, AFailedOverNodeVouchesForNobody) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 3u);
  Off("node-2");
  ASSERT_EQ(verdicts_["node-2"], Verdict::kDead);
  for (const Voucher& voucher : told_.at("node-1").vouchers) EXPECT_NE(voucher.node, "node-2");
  EXPECT_TRUE(told_.at("node-1").armed);
}

// A pod that the newest settings leave out may be let go of without our hearing of it.
TEST_F(FencingTest, APodThatIsMarkedNoMoreIsNotCountedOn) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 2u);
  mute_.insert("node-1");
  PodFacts done = pods_.at("db-1");
  done.phase = "Failed";
  Give(PodObserved{{"local", "shop", "db-1"}, done});
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods, std::vector<std::string>{"uid-db-0-node-1"});
}

// An agent may find itself isolated, by a pause of its machine for one, while its session lives on: that it
// says so is answered, and the answer names the fence, so that older settings cannot be taken for it.
TEST_F(FencingTest, AFenceInALivingSessionIsAnswered) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  fence_ = 77;
  Give(FencingReported{.node = Key("node-1"),
                       .session_id = sessions_["node-1"],
                       .version = told_["node-1"].version,
                       .armed = true,
                       .watchdog_timeout = kWatchdog,
                       .fenced = true,
                       .detail = "",
                       .fence = fence_});
  EXPECT_EQ(told_.at("node-1").answered_fence, 77u);
  EXPECT_TRUE(told_.at("node-1").release);
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.armed);
}

// Settings that let an agent take longer may be followed without our hearing of it: once they are sent, what
// it had confirmed before does not count.
TEST_F(FencingTest, LongerTimesUndoWhatWasConfirmed) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.armed);
  mute_.insert("node-1");
  FencingPolicy longer = SelfFencing();
  longer.isolation_timeout = absl::Minutes(5);
  Apply(longer);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
}

// Without a watchdog a frozen agent would leave its pods running; the policy has to accept that in so many
// words.
TEST_F(FencingTest, WithoutAWatchdogOnlyWhereThePolicySaysSo) {
  watchdog_.reset();
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  FencingPolicy fencing = SelfFencing();
  Apply(fencing);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "it has no watchdog"));
  fencing.without_watchdog = true;
  Apply(fencing);
  Off("node-2");
  Pass(Minimum() + absl::Seconds(2));
  EXPECT_TRUE(Moved("db-1"));
}

// A sign of life during the wait ends it: nothing is proven, peers may vouch again, and the pod stays.
TEST_F(FencingTest, ALateSignOfLifeEndsTheWait) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() - absl::Seconds(4));
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_EQ(told_.at("node-2").condemned, std::vector<std::string>{"node-1"});
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_TRUE(told_.at("node-2").condemned.empty());
}

// Under mode observe nothing is asked of anybody's fence.
TEST_F(FencingTest, ObserveOnlyObserves) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Policy policy = policies_.begin()->second;
  policy.failover().mode = PolicyMode::kObserve;
  ApplyPolicy apply;
  apply.policy = policy;
  Give(apply);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_TRUE(done_.empty());
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_EQ(Confirm("node-1").status.code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace evenkeel::coordinator
