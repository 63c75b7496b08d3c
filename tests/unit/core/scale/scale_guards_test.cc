// What a change of replicas passes before anything is done.

#include "coordinator/core/scale/scale_guards.h"

#include <functional>
#include <string>
#include <vector>

#include "coordinator/core/guards.h"
#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

ScaleGuardFacts AllWell(int64_t from, int64_t to) {
  ScaleGuardFacts facts;
  facts.from = from;
  facts.to = to;
  facts.minimum = 2;
  facts.maximum = 10;
  facts.mode = PolicyMode::kEnforce;
  facts.policy = "web";
  facts.api_reachable = true;
  return facts;
}

std::vector<std::string> Names(const std::vector<GuardAnswer>& answers) {
  std::vector<std::string> names;
  for (const GuardAnswer& answer : answers) names.push_back(answer.guard);
  return names;
}

std::string Refusing(const ScaleGuardFacts& facts) {
  const std::vector<GuardAnswer> answers = AskScaleGuards(facts);
  const GuardAnswer* refusal = FirstRefusal(answers);
  return refusal == nullptr ? "" : refusal->guard;
}

// Each answers in its place; two are asked of scaling in only. With nothing against it all let it pass.
TEST(ScaleGuardsTest, EachAnswersInOrder) {
  const std::vector<std::string> out = {"mode", "pause", "api", "conflict", "bounds", "one-intent"};
  std::vector<std::string> in = out;
  in.insert(in.end(), {"sight", "moving"});
  EXPECT_EQ(Names(AskScaleGuards(AllWell(2, 4))), out);
  EXPECT_EQ(Names(AskScaleGuards(AllWell(4, 2))), in);
  EXPECT_EQ(Refusing(AllWell(2, 4)), "");
  EXPECT_EQ(Refusing(AllWell(4, 2)), "");
}

// Each refuses by its own fact, with a reason, in both directions or of scaling in only.
TEST(ScaleGuardsTest, EachRefusesByItsFact) {
  struct Case {
    std::string guard;
    std::function<void(ScaleGuardFacts&)> change;
    bool of_out = true;
  };
  const std::vector<Case> cases = {
      {"mode", [](ScaleGuardFacts& facts) { facts.mode = PolicyMode::kObserve; }},
      {"pause", [](ScaleGuardFacts& facts) { facts.policy_paused = true; }},
      {"pause", [](ScaleGuardFacts& facts) { facts.pause = Pause{.cluster = "local"}; }},
      {"api", [](ScaleGuardFacts& facts) { facts.api_reachable = false; }},
      {"conflict", [](ScaleGuardFacts& facts) { facts.autoscaler = "shop/web"; }},
      {"conflict",
       [](ScaleGuardFacts& facts) {
         facts.overlaps = {"apps", "Deployment", "shop", "b"};
       }},
      {"one-intent", [](ScaleGuardFacts& facts) { facts.open_decision = "1-7"; }},
      {"sight", [](ScaleGuardFacts& facts) { facts.blind = true; }, false},
      {"moving", [](ScaleGuardFacts& facts) { facts.moving = 1; }, false},
  };
  for (const Case& one : cases) {
    ScaleGuardFacts out = AllWell(2, 4);
    one.change(out);
    EXPECT_EQ(Refusing(out), one.of_out ? one.guard : "") << one.guard;
    ScaleGuardFacts in = AllWell(4, 2);
    one.change(in);
    EXPECT_EQ(Refusing(in), one.guard) << one.guard;
  }
}

// L10: what a switch of traffic needs stays, also where the maximum is lower by now; nobody else is asked.
TEST(ScaleGuardsTest, ASwitchKeepsWhatItNeeds) {
  ScaleGuardFacts in = AllWell(12, 10);
  in.floor = {.replicas = 11, .name = "web", .unknown = false};
  EXPECT_EQ(
      AskScaleGuards(in).back(),
      (GuardAnswer{"switch", false, "switch web needs no fewer than 11 replicas of it until it has ended"}));
  in.floor.replicas = 10;
  EXPECT_EQ(Refusing(in), "");
  EXPECT_EQ(Names(AskScaleGuards(in)).back(), "switch");
  in.floor = {.replicas = 0, .name = "web", .unknown = true};
  EXPECT_EQ(Refusing(in), "switch");
  ScaleGuardFacts out = AllWell(2, 4);
  out.floor = in.floor;
  EXPECT_EQ(Refusing(out), "");
}

// L9: within the bounds, but for who comes nearer to them.
TEST(ScaleGuardsTest, BoundsHold) {
  EXPECT_EQ(Refusing(AllWell(9, 11)), "bounds");
  EXPECT_EQ(Refusing(AllWell(3, 1)), "bounds");
  EXPECT_EQ(Refusing(AllWell(20, 12)), "");
  EXPECT_EQ(Refusing(AllWell(0, 1)), "");
  EXPECT_EQ(Refusing(AllWell(12, 14)), "bounds");
}

class MovingTest : public ScaleFixture {
 protected:
  MovingTest() { Raise(); }
};

// While a pod's node has something under way, the workload is not scaled in: its pods are on their way
// elsewhere, and are not to be missed twice.
TEST_F(MovingTest, APodOnItsWayIsNotMissedTwice) {
  State state;
  Cluster cluster;
  cluster.name = "local";
  Node& node = cluster.nodes["node-1"];
  node.open_decision = DecisionId{1, 3};
  Decision& decision = state.open[*node.open_decision].decision;
  decision.kind = DecisionKind::kFailover;
  Scaler scaler;
  scaler.policy = WebPolicy().scale();
  scaler.workload = WorkloadFacts{.uid = "u", .replicas = 4};
  ScaledPods::SetFacts(scaler.pods.try_emplace("uid-1").first->second, PodFactsOf(1));
  ScaledPods::SetFacts(scaler.pods.try_emplace("uid-2").first->second, PodFactsOf(2));
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 1u);
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 6, now_).moving, 0u);  // of scaling in only
  decision.kind = DecisionKind::kFirstToGo;
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 0u);  // it marks them, and no more
  decision.kind = DecisionKind::kFailover;
  node.open_decision.reset();
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 0u);

  PodFacts pod;
  pod.node = "node-2";
  pod.controller.uid = "uid-of-replica-set";
  cluster.pods.Put({"shop", "web-2"}, pod);
  cluster.recovering["uid-of-replica-set"] = {DecisionId{1, 4}, DecisionId{1, 5}};
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 2u);

  // A failover that is not done yet, after a restart or while its hook is asked: its pod is gone from the
  // node already, and its recovery is not counted yet.
  const DecisionId id{1, 6};
  cluster.failed_over.insert("node-9");
  cluster.nodes["node-9"].open_decision = id;
  Decision& failover = state.open[id].decision;
  failover.kind = DecisionKind::kFailover;
  failover.actions = {Action{.state = ActionState::kDone}, Action{.state = ActionState::kPending}};
  failover.workloads = {WorkloadRecovery{.controller = pod.controller, .removed = 1}};
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 3u);
  failover.workloads[0].restored = 1;
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 2u);
}

// The last pod of the workload that a sick node had was evicted: it is on its way until its replacement is
// Ready elsewhere, or has had its time.
TEST_F(MovingTest, AnEvictedPodIsOnItsWay) {
  State state;
  Cluster cluster;
  cluster.name = "local";
  Scaler scaler;
  scaler.policy = WebPolicy().scale();
  scaler.workload = WorkloadFacts{.uid = "u", .replicas = 4};
  ScaledPods::SetFacts(scaler.pods.try_emplace("uid-2").first->second, PodFactsOf(2));
  PodFacts pod;
  pod.node = "node-2";
  pod.ready = true;
  pod.controller.uid = "uid-of-replica-set";
  cluster.pods.Put({"shop", "web-2"}, pod);

  const DecisionId id{1, 6};
  cluster.standings.out.insert("node-1");
  cluster.nodes["node-1"].open_decision = id;
  OpenDecision& gray = state.open[id];
  gray.decision.kind = DecisionKind::kGray;
  gray.decision.node = "node-1";
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 0u);
  gray.ladder.eviction = 1;
  gray.ladder.controller = pod.controller;
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 1u);

  gray.ladder.eviction = 0;
  gray.ladder.awaited = pod.controller.uid;
  gray.ladder.ready_before = 1;
  gray.ladder.patience = now_ + absl::Minutes(1);
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 1u);
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_ + absl::Minutes(1)).moving, 0u);
  pod.node = "node-3";
  cluster.pods.Put({"shop", "web-5"}, pod);
  EXPECT_EQ(FactsForScaleGuards(state, cluster, scaler, 2, now_).moving, 0u);
}

}  // namespace
}  // namespace evenkeel::coordinator
