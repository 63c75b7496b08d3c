// The loss of a cluster in the core's steps: by policy its traffic is in the other cluster within five
// seconds, or people are asked, or it is only said; a cluster that has merely lost its link to the
// coordinator keeps it.

#include <algorithm>

#include "coordinator/core/standing_turn.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch_world.h"

namespace evenkeel::coordinator {
namespace {

LostClusterPolicy Waiting(OnLostCluster on_lost = OnLostCluster::kSwitch) {
  LostClusterPolicy policy;
  policy.spec = ASwitch();
  policy.spec.prober.url.clear();
  policy.on_lost = on_lost;
  return policy;
}

class StandingStepTest : public SwitchWorld {
 protected:
  StandingStepTest() {
    witnesses_reach_ = true;
    abilities_.checks_servers = true;
  }

  size_t Switches() const {
    return static_cast<size_t>(std::count_if(decisions_.begin(), decisions_.end(), [](const auto& entry) {
      return entry.second.kind == DecisionKind::kSwitch;
    }));
  }
};

// All of a cluster's machines lose their power: everything is in the other cluster within five seconds, under
// one decision that names the policy and says why.
TEST_F(StandingStepTest, SwitchesALostCluster) {
  ASSERT_TRUE(Apply(Waiting()).ok()) << reply_.status;
  Pass(absl::Minutes(2));
  EXPECT_EQ(Green(), 0u);
  EXPECT_EQ(waiting_.at("web").life, ClusterLife::kAlive);
  EXPECT_EQ(waiting_.at("web").witnesses, 3u);
  EXPECT_EQ(waiting_.at("web").api_witnesses, 3u);
  Die("east");
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green(), 100u);
  EXPECT_EQ(waiting_.at("web").life, ClusterLife::kLost);
  ASSERT_EQ(Switches(), 1u);
  EXPECT_EQ(waiting_.at("web").decision, TheSwitch().id);
  EXPECT_EQ(TheSwitch().policy, "web");
  EXPECT_EQ(TheSwitch().policy_etag, policies_.at("web").etag);
  EXPECT_EQ(TheSwitch().summary,
            "Switch web: the traffic of shop/web goes from cluster east, which is lost, to cluster west in "
            "1 step");
  ASSERT_FALSE(TheSwitch().evidence.empty());
  EXPECT_EQ(TheSwitch().evidence[0].observation,
            "Cluster east is lost: its API and 3 of 3 nodes answer neither the coordinator nor 3 witnesses "
            "elsewhere, and none of its servers answers a gateway");
  EXPECT_EQ(TheRecord().origin, SwitchOrigin::kLostCluster);
  EXPECT_EQ(TheRecord().needed.begin()->second, 3u);
  // It comes back: nothing goes there by itself, and the way back is held open.
  Revive("east");
  Pass(absl::Minutes(20));
  EXPECT_EQ(Green(), 100u);
  EXPECT_TRUE(IsOpen());
  EXPECT_EQ(TheRecord().phase, SwitchPhase::kHolding);
  EXPECT_EQ(waiting_.at("web").life, ClusterLife::kAlive);
}

// Only the coordinator's link is cut: others reach it, so nothing is moved, whatever the time.
TEST_F(StandingStepTest, LeavesACutLinkAlone) {
  ASSERT_TRUE(Apply(Waiting()).ok());
  Pass(absl::Minutes(2));
  Cut("east");
  Tell(ApiChanged{"east", false, "no answer"});
  Pass(absl::Minutes(10));
  EXPECT_EQ(Green(), 0u);
  EXPECT_EQ(Switches(), 0u);
  EXPECT_EQ(waiting_.at("web").life, ClusterLife::kCutOff);
}

// The same where nothing but the servers' answers to the gateway tells that it lives.
TEST_F(StandingStepTest, BelievesTheGateway) {
  ASSERT_TRUE(Apply(Waiting()).ok());
  Pass(absl::Minutes(2));
  Die("east");
  reading_.backends.at("east").servers_up = 3;
  Pass(absl::Minutes(2));
  EXPECT_EQ(Green(), 0u);
  EXPECT_EQ(waiting_.at("web").life, ClusterLife::kCutOff);
  EXPECT_EQ(waiting_.at("web").reason, "3 servers of it answer gateway edge");
}

// Witnesses are asked about its nodes at their own ports, about its API at the address that the policy gives
// or, without, the coordinator has.
TEST_F(StandingStepTest, AsksWitnessesForTheApi) {
  LostClusterPolicy policy = Waiting();
  ASSERT_TRUE(Apply(policy).ok());
  Pass(absl::Seconds(15));
  const auto to_api = [this](const std::string& address) {
    return std::any_of(probes_.begin(), probes_.end(), [&address](const ProbeNode& probe) {
      return probe.target == NodeKey{"east", ""} && probe.address == address && probe.kubelet_port != 0 &&
             probe.agent_port == 0 && probe.witness.cluster == "west";
    });
  };
  EXPECT_TRUE(to_api("10.0.1.1"));
  policy.api_address = "192.0.2.7";
  policy.api_port = 443;
  ASSERT_TRUE(Apply(policy).ok());
  Pass(absl::Seconds(15));
  EXPECT_TRUE(to_api("192.0.2.7"));
  const bool to_node = std::any_of(probes_.begin(), probes_.end(), [](const ProbeNode& probe) {
    return probe.target.cluster == "east" && !probe.target.node.empty() && probe.agent_port == 9440;
  });
  EXPECT_TRUE(to_node);
}

// Asked first: the switch waits for an operator, and ends by itself where the cluster lives again.
TEST_F(StandingStepTest, AsksFirst) {
  ASSERT_TRUE(Apply(Waiting(OnLostCluster::kAsk)).ok());
  Pass(absl::Minutes(2));
  Die("east");
  Pass(absl::Seconds(30));
  EXPECT_EQ(Green(), 0u);
  ASSERT_EQ(Switches(), 1u);
  ASSERT_TRUE(TheRecord().stop);
  EXPECT_EQ(TheRecord().stop->cause, StopCause::kApproval);
  ASSERT_TRUE(Order("web", SwitchOrder::kResume).ok()) << reply_.status;
  Pass(absl::Seconds(3));
  EXPECT_EQ(Green(), 100u);
}
// The question outlives the process, which sees little of green at first.
TEST_F(StandingStepTest, AsksOnInAnotherProcess) {
  ASSERT_TRUE(Apply(Waiting(OnLostCluster::kAsk)).ok());
  Pass(absl::Minutes(2));
  Die("east");
  Pass(absl::Seconds(30));
  Boot();
  Pass(absl::Minutes(2));
  EXPECT_EQ(Green(), 0u);
  ASSERT_EQ(Switches(), 1u);
  ASSERT_TRUE(IsOpen()) << TheRecord().outcome;
  ASSERT_TRUE(Order("web", SwitchOrder::kResume).ok()) << reply_.status;
  Pass(absl::Seconds(3));
  EXPECT_EQ(Green(), 100u);
}
TEST_F(StandingStepTest, AsksNoMoreWhenTheClusterLives) {
  ASSERT_TRUE(Apply(Waiting(OnLostCluster::kAsk)).ok());
  Pass(absl::Minutes(2));
  Die("east");
  Pass(absl::Seconds(10));
  ASSERT_EQ(Switches(), 1u);
  Revive("east");
  Pass(absl::Seconds(15));
  EXPECT_EQ(TheSwitch().state, DecisionState::kCancelled);
  EXPECT_EQ(TheSwitch().outcome, "Cluster east lives: it ends before anything was moved");
  EXPECT_EQ(Green(), 0u);
  EXPECT_FALSE(waiting_.at("web").decision);
}

// A policy that observes leaves a decision that says so, with its record beside it.
TEST_F(StandingStepTest, OnlySaysWhatItObserves) {
  LostClusterPolicy policy = Waiting();
  policy.spec.mode = SwitchMode::kObserve;
  ASSERT_TRUE(Apply(policy).ok());
  Pass(absl::Minutes(2));
  Die("east");
  Pass(absl::Minutes(1));
  EXPECT_EQ(Green(), 0u);
  ASSERT_EQ(Switches(), 1u);
  EXPECT_EQ(TheSwitch().state, DecisionState::kObserved);
  EXPECT_EQ(TheSwitch().outcome,
            "Nothing was moved: the policy observes: its traffic would go to cluster west");
  EXPECT_EQ(TheRecord().end, SwitchEnd::kObserved);
  EXPECT_TRUE(released_.empty());
}

// How many pods it had is durable, and what was begun goes on in another process, once.
TEST_F(StandingStepTest, OutlivesTheProcess) {
  ASSERT_TRUE(Apply(Waiting()).ok());
  Pass(absl::Minutes(2));
  ASSERT_TRUE(standings_.contains("web"));
  EXPECT_EQ(standings_.at("web").needed.begin()->second, 3u);
  Boot();
  Pass(absl::Minutes(1));
  Die("east");
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green(), 100u);
  Revive("east");
  Boot();
  Pass(absl::Minutes(1));
  EXPECT_EQ(Switches(), 1u);
  EXPECT_TRUE(IsOpen());
  EXPECT_EQ(waiting_.at("web").decision, TheSwitch().id);
}

// With its policy all that was watched for it is left, and its record erased; the end of a switch leaves what
// the policy needs.
TEST_F(StandingStepTest, WatchesForAsLongAsThePolicyIsThere) {
  ASSERT_TRUE(Apply(Waiting()).ok());
  Pass(absl::Minutes(2));
  EXPECT_EQ(watches_.begin()->second.first.period, kReadSeldom);
  EXPECT_EQ(applications_.size(), 2u);
  SwitchSpec by_hand = ASwitch();
  by_hand.name = "by-hand";
  Start(by_hand);
  ASSERT_TRUE(reply_.status.ok()) << reply_.status;
  EXPECT_EQ(watches_.begin()->second.first.period, kReadOften);
  ASSERT_TRUE(Order("by-hand", SwitchOrder::kRollBack).ok()) << reply_.status;
  Pass(absl::Seconds(5));
  ASSERT_EQ(watches_.size(), 1u);
  EXPECT_EQ(watches_.begin()->second.first.period, kReadSeldom);
  EXPECT_EQ(applications_.size(), 2u);
  DeletePolicy gone;
  gone.name = "web";
  Tell(gone);
  EXPECT_TRUE(watches_.empty());
  EXPECT_TRUE(applications_.empty());
  EXPECT_TRUE(standings_.empty());
  EXPECT_TRUE(waiting_.empty());
  Die("east");
  Pass(absl::Minutes(1));
  EXPECT_EQ(Green(), 0u);
}

// A switch under way needs no policy to notice that blue is lost: by its rule green gets everything at once,
// or it stops and asks. In another process, too.
TEST_F(StandingStepTest, ASwitchUnderWayNoticesTheLossOfBlue) {
  SwitchSpec spec = Waiting().spec;
  spec.on_lost_blue = OnLostBlue::kFinish;
  for (SwitchStep& step : spec.steps) step.soak = absl::Minutes(5);
  Start(spec);
  ASSERT_TRUE(reply_.status.ok()) << reply_.status;
  PassUntil([this] { return Green() == 10; });
  Boot();
  Pass(absl::Seconds(30));
  ASSERT_EQ(Green(), 10u);
  Die("east");
  Pass(absl::Seconds(5));
  EXPECT_EQ(Green(), 100u);
  EXPECT_TRUE(waiting_.empty());
  EXPECT_TRUE(standings_.empty());
  EXPECT_EQ(Switches(), 1u);
}
TEST_F(StandingStepTest, ASwitchUnderWayAsksWhenBlueIsLost) {
  SwitchSpec spec = Waiting().spec;
  for (SwitchStep& step : spec.steps) step.soak = absl::Minutes(5);
  Start(spec);
  PassUntil([this] { return Green() == 10; });
  Pass(absl::Seconds(30));
  Die("east");
  Pass(absl::Seconds(10));
  EXPECT_EQ(Green(), 10u);
  ASSERT_TRUE(TheRecord().stop);
  EXPECT_EQ(TheRecord().stop->cause, StopCause::kLostBlue);
  EXPECT_EQ(Switches(), 1u);
}

// At most one policy waits for the loss of a cluster for one application.
TEST_F(StandingStepTest, OnePolicyForAnApplicationInACluster) {
  ASSERT_TRUE(Apply(Waiting()).ok());
  LostClusterPolicy second = Waiting();
  second.spec.name = "web-too";
  EXPECT_EQ(Apply(second).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(
      reply_.status.message(),
      "the loss of cluster east for one of its applications has policy web already: change that one, or "
      "delete it first");
  second.spec.applications[0].service = "api";
  second.spec.routes[0].key.route = "api";
  EXPECT_TRUE(Apply(second).ok()) << reply_.status;
}

}  // namespace
}  // namespace evenkeel::coordinator
