// What proves that a node runs nothing that must not run twice, how long a proof holds, and what is done by
// it (L5).

#include "gtest/gtest.h"
#include "tests/unit/core/fencing_world.h"

namespace evenkeel::coordinator {
namespace {

// A witness that reaches the node when the wait is over vetoes as always: the node is judged once more before
// it is believed.
TEST_F(FencingTest, AWitnessThatReachesItVetoesTheProof) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() - absl::Seconds(4));
  off_.clear();  // its kubelet answers; its agent has not come back
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kPartitioned);
}

// A kubelet that renews its lease may have started anything: whatever was proven before it did so is proven
// no more, also when it falls silent again.
TEST_F(FencingTest, ARenewedLeaseWipesAProof) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  ASSERT_EQ(verdicts_["node-1"], Verdict::kDead);
  renewed_ = now_;
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_FALSE(Moved("db-0"));
}

// While no coordinator was there to see it, the node lived, and fell silent again: that it was off before
// proves nothing.
TEST_F(FencingTest, AProofThatTheMachineIsOffDoesNotOutliveItsLife) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.proof);
  renewed_ = now_;
  Restart();
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_FALSE(Moved("db-0"));
  // And where it did not live, it still holds.
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
}

TEST_F(FencingTest, AProofOutlivesTheCoordinator) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_FALSE(Moved("db-0"));
  Restart();
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Seconds(30));
  EXPECT_TRUE(Moved("db-0"));
}

// A machine that booted while its agent could not reach us runs pods that no agent has promised to stop.
TEST_F(FencingTest, APromiseIsOfOneBoot) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.armed);
  Off("node-1");
  NodeFacts facts = Facts("node-1");
  facts.boot_id = "boot-2";
  Give(NodeObserved{Key("node-1"), facts});
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "booted again"));
}

// L3, L4: the coordinator dies during the wait. The next one knows from the store what was promised by the
// agent, asks the peers again, and waits the whole minimum from their answers.
TEST_F(FencingTest, ARestartDuringTheWaitStartsItAgain) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(absl::Seconds(8));
  Restart();
  const absl::Time restarted = now_;
  Raise(4);
  Pass(Minimum() - absl::Seconds(8));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(20));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - restarted, Minimum());
  EXPECT_EQ(Failovers(), 1u);
}

// A returned node keeps its pods stopped until it is readmitted; then it is told to let them run.
TEST_F(FencingTest, PodsStayStoppedUntilReadmission) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() + absl::Seconds(5));
  ASSERT_TRUE(Moved("db-0"));
  AddPod("db-0", "node-3");
  off_.clear();
  Open("node-1");
  EXPECT_FALSE(told_.at("node-1").release);
  EXPECT_TRUE(told_.at("node-1").marked.empty());
  Pass(absl::Seconds(40));
  EXPECT_TRUE(told_.at("node-1").release);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
}

// An operator's word is proof: in the decision that is open, or in one that goes on from where a closed one
// stopped; but only for a node that is DEAD, and it is judged once more.
TEST_F(FencingTest, AnOperatorConfirms) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  EXPECT_EQ(Confirm("node-1").status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Confirm("node-9").status.code(), absl::StatusCode::kNotFound);
  Off("node-1");
  EXPECT_NE(Failover("node-1").state, DecisionState::kOpen);
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
  EXPECT_TRUE(WhenDone(ActionKind::kTaintOutOfService, "node-1"));
  EXPECT_EQ(Failovers(), 2u);
  const Decision& second = decisions_.rbegin()->second;
  EXPECT_TRUE(Says(second, "an operator says that it is off: I pulled the plug"));
  AddPod("db-0", "node-3");
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(1));
  EXPECT_TRUE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.out_of_service);
}

// A server that does not know the taint is no failure: the pods are deleted all the same, and no taint is
// taken off later.
TEST_F(FencingTest, AnOldServerHasNoOutOfServiceTaint) {
  old_server_ = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
  AddPod("db-0", "node-3");
  EXPECT_EQ(decisions_.rbegin()->second.state, DecisionState::kSucceeded);
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(1));
  EXPECT_FALSE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
}

// L4, L11: our out-of-service taint is ours from the instant at which it is asked for: its answer may be
// lost.
TEST_F(FencingTest, ATaintWhoseAnswerWasLostIsTakenOffAllTheSame) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  lost_ = {ActionKind::kTaintOutOfService};
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  ASSERT_TRUE(WhenDone(ActionKind::kTaintOutOfService, "node-1"));
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.out_of_service);
  lost_.clear();
  off_.clear();
  Restart();
  Raise(4);
  Pass(absl::Minutes(2));
  EXPECT_TRUE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.out_of_service);
}

}  // namespace
}  // namespace evenkeel::coordinator
