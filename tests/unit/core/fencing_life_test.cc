// A machine that has lived since it was proven to run nothing, or since the hook was asked: what was proven
// or asked before does not count (L1, L5).

#include "gtest/gtest.h"
#include "tests/unit/core/fencing_world.h"

namespace evenkeel::coordinator {
namespace {

// The machine lost its power, so that its agent never fenced. It boots, and its kubelet starts the pod again,
// while no coordinator is there to see it; then it is cut off. That the agent had promised proves nothing.
TEST_F(FencingTest, AnAgentsFenceDoesNotOutliveItsBoot) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(absl::Seconds(5));
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  Pass(Minimum());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.proof);
  ASSERT_FALSE(Moved("db-0"));
  boots_["node-1"] = "boot-2";
  Restart();
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  EXPECT_FALSE(Moved("db-0"));
}

// Its kubelet has renewed the lease since, and Kubernetes does not show its boot: the wait begins again.
TEST_F(FencingTest, AnAgentsFenceIsWaitedForAgainAfterARenewedLease) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(absl::Seconds(5));
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  Pass(Minimum());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.proof);
  renewed_ = now_;
  Restart();
  const absl::Time restarted = now_;
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Minutes(2));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - restarted, Minimum());
}

// L1: while the hook works on a node it is judged on: a kubelet that renews its lease ends it, though its
// agent is not through yet.
TEST_F(FencingTest, ARenewedLeaseEndsAHookThatWorks) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  Pass(absl::Seconds(5));
  ASSERT_TRUE(asked_);
  const size_t before = withdrawals_;
  renewed_ = now_;
  Pass(absl::Seconds(3));
  EXPECT_GT(withdrawals_, before);
}

// Its hook took so long that the machine was on again meanwhile, and then cut off: that its kubelet had
// renewed its lease was seen, though that round came to no end of its own.
TEST_F(FencingTest, AnAnswerFromBeforeARenewedLeaseProvesNothing) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  ASSERT_TRUE(asked_);
  Pass(absl::Seconds(5));
  const ActionFinished earlier = *asked_;
  renewed_ = now_;
  Pass(absl::Seconds(3));
  Give(earlier);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Moved("db-0"));
}

// A status that was under way when its node fell silent tells of a longer watchdog: it is waited for so long.
TEST_F(FencingTest, ALateStatusLengthensTheWait) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(absl::Seconds(2));
  const absl::Duration before = Minimum();
  watchdog_ = absl::Seconds(40);
  Give(FencingReported{.node = Key("node-1"),
                       .session_id = sessions_["node-1"],
                       .version = told_["node-1"].version,
                       .armed = true,
                       .watchdog_timeout = watchdog_,
                       .fenced = false,
                       .detail = ""});
  Pass(before + absl::Seconds(5));
  EXPECT_FALSE(Moved("db-0"));
  Pass(Minimum());
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - last_beat_["node-1"], Minimum());
}

}  // namespace
}  // namespace evenkeel::coordinator
