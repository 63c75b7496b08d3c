// The fencing hook: when it is asked, and which of its answers prove anything (L5).

#include <algorithm>

#include "gtest/gtest.h"
#include "tests/unit/core/fencing_world.h"

namespace evenkeel::coordinator {
namespace {

// The hook is asked beside all else; its success is proof, its failure is not.
TEST_F(FencingTest, TheHookProves) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  Apply(fencing);
  hook_ = ActionOutcome::kDone;
  Off("node-1");
  Pass(absl::Seconds(3));
  EXPECT_TRUE(WhenDone(ActionKind::kFenceNode, "node-1"));
  EXPECT_TRUE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "the fencing hook says that it is off"));
  hook_ = ActionOutcome::kRefused;
  Off("node-2");
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Moved("db-1"));
  EXPECT_EQ(Failover("node-2").state, DecisionState::kOpen);
  // It is asked again while the pod waits, in growing pauses.
  const auto asked = std::count_if(done_.begin(), done_.end(), [](const Done& done) {
    return done.kind == ActionKind::kFenceNode && done.name == "node-2";
  });
  EXPECT_GE(asked, 4);
  EXPECT_LE(asked, 8);
  hook_ = ActionOutcome::kDone;
  Pass(absl::Seconds(35));
  EXPECT_TRUE(Moved("db-1"));
}

// The hook was asked, the node came back, and fell silent again: that it was off then does not say that it is
// off now.
TEST_F(FencingTest, AnAnswerFromBeforeASignOfLifeProvesNothing) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  ASSERT_TRUE(asked_);
  const ActionFinished earlier = *asked_;
  off_.clear();
  Give(BeatResumed{Key("node-1"), sessions_["node-1"]});
  Off("node-1");
  ASSERT_EQ(verdicts_["node-1"], Verdict::kDead);
  Give(earlier);
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  EXPECT_FALSE(Moved("db-0"));
}

// Also where the one decision is open all the time, as it is while replacements are awaited.
TEST_F(FencingTest, AnAnswerFromBeforeASignOfLifeProvesNothingInOneDecision) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  AddPod("web-0", "node-1");
  pods_.at("web-0").controller = {"ReplicaSet", "web", "uid-web"};
  Raise(4);
  Apply(fencing);
  Off("node-1");
  ASSERT_TRUE(asked_);
  const ActionFinished earlier = *asked_;
  off_.clear();
  Give(BeatResumed{Key("node-1"), sessions_["node-1"]});
  Off("node-1");
  ASSERT_EQ(Failovers(), 1u);
  Give(earlier);
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  EXPECT_FALSE(Moved("db-0"));
}

// A proof that holds for all is taken after one that held for some, whoever it comes from.
TEST_F(FencingTest, TheHooksWordIsTakenAfterTheAgents) {
  FencingPolicy fencing = SelfFencing();
  fencing.hook = true;
  AddPod("db-1", "node-1");
  Raise(4);
  Apply(fencing);
  mute_.insert("node-1");
  AddPod("db-9", "node-1");
  Off("node-1");
  ASSERT_TRUE(asked_);
  Pass(Minimum() + absl::Seconds(3));
  EXPECT_TRUE(Moved("db-1"));
  EXPECT_FALSE(Moved("db-9"));
  Give(*asked_);
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-9"));
}

// An operator may give the coordinator a hook while pods wait for one: the node is judged again, and it is
// asked.
TEST_F(FencingTest, APolicyThatNamesTheHookLaterIsFollowed) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Pass(absl::Minutes(1));
  ASSERT_NE(Failover("node-1").state, DecisionState::kOpen);
  EXPECT_FALSE(Moved("db-0"));
  hook_ = ActionOutcome::kDone;
  FencingPolicy fencing;
  fencing.hook = true;
  Apply(fencing);
  Pass(absl::Seconds(10));
  EXPECT_TRUE(Moved("db-0"));
}

// A hook that does not answer holds nothing up: the agent's own fence is believed meanwhile.
TEST_F(FencingTest, AHookThatHangsHoldsNothingUp) {
  FencingPolicy fencing = SelfFencing();
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  Pass(Minimum() + absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
}

}  // namespace
}  // namespace evenkeel::coordinator
