// What agents are told about fencing: of whom, when, and when not (L5, L11).

#include <algorithm>
#include <string>

#include "gtest/gtest.h"
#include "tests/unit/core/fencing_world.h"

namespace evenkeel::coordinator {
namespace {

// L11: the coordinator's own pod must not run twice, but the node that has it must never stop it: nobody
// would be left to let it run again. It is not counted on either: it moves by another proof only.
TEST_F(FencingTest, APodThatMustNeverBeSelfFencedIsNotMarked) {
  AddPod("db-0", "node-1");
  AddPod("coordinator-0", "node-1");
  pods_.at("coordinator-0").never_self_fenced = true;
  Raise(4);
  Apply(SelfFencing());
  ASSERT_EQ(told_.at("node-1").marked.size(), 1u);
  EXPECT_EQ(told_.at("node-1").marked[0].name, "db-0");
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_TRUE(Moved("db-0"));
  EXPECT_FALSE(Moved("coordinator-0"));
}

// L11: an agent that has stopped pods lets go of those that are named to it, also when the operator has taken
// the policy back meanwhile.
TEST_F(FencingTest, PodsAreNamedForTheirReleaseWithoutThePolicyToo) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Apply({});
  off_.clear();
  fence_ = 77;
  Open("node-1");
  const FencingSettings& told = told_.at("node-1");
  EXPECT_FALSE(told.armed);
  ASSERT_EQ(told.marked.size(), 1u);
  EXPECT_EQ(told.marked[0].name, "db-0");
  Pass(absl::Minutes(2));
  EXPECT_TRUE(told_.at("node-1").release);
  EXPECT_EQ(told_.at("node-1").marked.size(), 1u);
}

// Under mode observe nothing would be moved: no agent is armed to stop pods for nothing, and one that was is
// disarmed.
TEST_F(FencingTest, NoAgentIsArmedWhereNothingWouldBeMoved) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_TRUE(told_.at("node-1").armed);
  ApplyPolicy apply;
  apply.policy = policies_.begin()->second;
  apply.policy.failover.mode = PolicyMode::kObserve;
  Give(apply);
  EXPECT_FALSE(told_.at("node-1").armed);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
  apply.policy = policies_.begin()->second;
  apply.policy.failover.mode = PolicyMode::kEnforce;
  Give(apply);
  EXPECT_TRUE(told_.at("node-1").armed);
}

}  // namespace
}  // namespace evenkeel::coordinator
