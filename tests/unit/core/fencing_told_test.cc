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
  apply.policy.failover().mode = PolicyMode::kObserve;
  Give(apply);
  EXPECT_FALSE(told_.at("node-1").armed);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
  apply.policy = policies_.begin()->second;
  apply.policy.failover().mode = PolicyMode::kEnforce;
  Give(apply);
  EXPECT_TRUE(told_.at("node-1").armed);
}

// A burst of pods costs two messages, not one for each: those that come while an answer is awaited are told
// together, when it is here. A pod that goes is told at once.
TEST_F(FencingTest, PodsThatComeTogetherAreToldTogether) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  const uint64_t before = told_.at("node-1").version;
  mute_.insert("node-1");
  for (int i = 1; i <= 60; ++i) AddPod(absl::StrCat("db-", i), "node-1");
  EXPECT_EQ(told_.at("node-1").version, before + 1);
  EXPECT_EQ(told_.at("node-1").marked.size(), 2u);
  mute_.clear();
  Give(FencingReported{.node = Key("node-1"),
                       .session_id = sessions_["node-1"],
                       .version = before + 1,
                       .armed = true,
                       .watchdog_timeout = kWatchdog,
                       .fenced = false,
                       .detail = ""});
  EXPECT_EQ(told_.at("node-1").version, before + 2);
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 61u);
  mute_.insert("node-1");
  AddPod("db-61", "node-1");
  Give(PodGone{{"local", "shop", "db-7"}});
  EXPECT_EQ(told_.at("node-1").version, before + 4);
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 60u);
}

// A coordinator that starts tells nobody anything before it knows all pods: the first settings are whole.
TEST_F(FencingTest, NobodyIsToldBeforeKubernetesIsListed) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Restart();
  told_.clear();
  Give(ClusterAdded{"local"});
  for (const std::string& node : nodes_) Open(node);
  for (const std::string& node : nodes_) Give(NodeObserved{Key(node), Facts(node)});
  for (const auto& [name, pod] : pods_) Give(PodObserved{{"local", "shop", name}, pod});
  EXPECT_TRUE(told_.empty());
  Give(ApiChanged{"local", true, ""});
  EXPECT_EQ(told_.at("node-1").marked.size(), 2u);
}

// A node object that is replaced while its agent speaks: the agent hears anew, by a version that it has never
// had, and what it confirms counts.
TEST_F(FencingTest, AReplacedNodesAgentIsToldAgain) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  const uint64_t before = told_.at("node-1").version;
  told_.erase("node-1");
  NodeFacts facts = Facts("node-1");
  facts.uid = "uid-of-another";
  Give(NodeObserved{Key("node-1"), facts});
  ASSERT_TRUE(told_.contains("node-1"));
  EXPECT_GT(told_.at("node-1").version, before);
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.armed);
}

// A coordinator that has lost its store begins above all versions of the one before it.
TEST_F(FencingTest, VersionsRiseOverALostStore) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  const uint64_t before = told_.at("node-1").version;
  records_.clear();
  Restart();
  Raise(4);
  EXPECT_GT(told_.at("node-1").version, before);
}

// An operator may take a hook that fails out of the policy, mend it, and name it again: it is asked again.
TEST_F(FencingTest, AHookThatIsNamedAgainIsAskedAgain) {
  AddPod("db-0", "node-1");
  Raise(4);
  FencingPolicy fencing;
  fencing.hook = true;
  Apply(fencing);
  hook_ = ActionOutcome::kRefused;
  Off("node-1");
  Pass(absl::Seconds(5));
  ASSERT_TRUE(asked_);
  Apply({});
  Pass(absl::Minutes(5));
  ASSERT_NE(Failover("node-1").state, DecisionState::kOpen);
  EXPECT_FALSE(Moved("db-0"));
  hook_ = ActionOutcome::kDone;
  Apply(fencing);
  Pass(absl::Seconds(10));
  EXPECT_TRUE(Moved("db-0"));
}

// Whether a node would fence itself is shown before it matters, and why not.
TEST_F(FencingTest, WhetherANodeWouldFenceItselfIsShown) {
  AddPod("db-0", "node-1");
  Raise(4);
  EXPECT_FALSE(shown_.at("node-1"));
  mute_.insert("node-1");
  Apply(SelfFencing());
  ASSERT_TRUE(shown_.at("node-1"));
  EXPECT_FALSE(shown_.at("node-1")->armed);
  EXPECT_EQ(shown_.at("node-1")->detail, "it had not confirmed that it would");
  FencingReported report{.node = Key("node-1"),
                         .session_id = sessions_["node-1"],
                         .version = told_["node-1"].version,
                         .armed = false,
                         .watchdog_timeout = {},
                         .fenced = false,
                         .detail = "the container runtime does not answer"};
  Give(report);
  EXPECT_EQ(shown_.at("node-1")->detail, "the container runtime does not answer");
  report.armed = true;
  report.detail.clear();
  Give(report);
  EXPECT_FALSE(shown_.at("node-1")->armed);
  EXPECT_TRUE(absl::StrContains(shown_.at("node-1")->detail, "it has no watchdog"));
  report.watchdog_timeout = kWatchdog;
  Give(report);
  EXPECT_TRUE(shown_.at("node-1")->armed);
  EXPECT_EQ(shown_.at("node-1")->watchdog_timeout, kWatchdog);
  Apply({});
  EXPECT_FALSE(shown_.at("node-1"));
}

}  // namespace
}  // namespace evenkeel::coordinator
