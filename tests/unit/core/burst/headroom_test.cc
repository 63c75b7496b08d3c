// Placeholders make up for what is on virtual nodes, in the shape that it has.

#include "coordinator/core/burst/headroom.h"

#include "coordinator/core/plan_failover.h"
#include "coordinator/core/plan_gray.h"
#include "coordinator/core/pod_index.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

Resources Shape(int64_t cpu, int64_t memory) {
  return {.cpu_millicores = cpu, .memory_bytes = memory, .pods = 1};
}

TEST(HeadroomTest, OneForEachPodOfOneShape) {
  EXPECT_EQ(PlaceholdersFor({}, {}), Placeholders{});
  EXPECT_EQ(PlaceholdersFor({}, std::vector<Resources>(16, Shape(200, 32))),
            (Placeholders{16, Shape(200, 32)}));
}

// Of several shapes the most frequent one is asked for, as often as makes up for all in CPU and memory.
TEST(HeadroomTest, ManyShapesAreMadeUpFor) {
  std::vector<Resources> pods(4, Shape(200, 100));
  pods.push_back(Shape(1000, 100));
  EXPECT_EQ(PlaceholdersFor({}, pods), (Placeholders{9, Shape(200, 100)}));
  pods.push_back(Shape(0, 2000));
  EXPECT_EQ(PlaceholdersFor({}, pods), (Placeholders{25, Shape(200, 100)}));
  EXPECT_EQ(PlaceholdersFor({}, {Shape(100, 0), Shape(300, 0)}), (Placeholders{2, Shape(300, 0)}));
}

TEST(HeadroomTest, IsBoundedAndCanBeSwitchedOff) {
  EXPECT_EQ(
      PlaceholdersFor({.placeholders = true, .most = 5}, std::vector<Resources>(16, Shape(200, 32))).number,
      5);
  EXPECT_EQ(PlaceholdersFor({.placeholders = false}, std::vector<Resources>(16, Shape(200, 32))).number, 0);
}

// Pods that ask for nothing need a place each.
TEST(HeadroomTest, PodsThatAskForNothing) {
  EXPECT_EQ(PlaceholdersFor({}, std::vector<Resources>(3, Shape(0, 0))), (Placeholders{3, Shape(0, 0)}));
}

// They keep their shape while no more of it are needed: another one replaces them all.
TEST(HeadroomTest, TheShapeIsKeptWhileTheyBecomeFewer) {
  const Placeholders present{6, Shape(200, 0)};
  std::vector<Resources> pods(2, Shape(400, 0));
  EXPECT_EQ(AdaptPlaceholders({}, pods, present), (Placeholders{4, Shape(200, 0)}));
  pods.push_back(Shape(600, 0));
  EXPECT_EQ(AdaptPlaceholders({}, pods, present), (Placeholders{4, Shape(400, 0)}));
  EXPECT_EQ(AdaptPlaceholders({}, {}, present), Placeholders{});
  EXPECT_EQ(AdaptPlaceholders({}, pods, {}), (Placeholders{4, Shape(400, 0)}));
}

PodFacts Placeholder() {
  PodFacts facts;
  facts.uid = "uid-1";
  facts.node = "node-1";
  facts.phase = "Running";
  facts.ready = true;
  facts.controller = {"ReplicaSet", "evenkeel-headroom-5d9c", "uid-rs"};
  facts.requests = Shape(200, 32);
  facts.priority = -10;
  return facts;
}

// By its ReplicaSet and its priority: somebody's application that only bears the name is none.
TEST(HeadroomTest, APlaceholderIsKnown) {
  PodFacts facts = Placeholder();
  EXPECT_TRUE(IsPlaceholder(facts));
  facts.priority = 0;
  EXPECT_FALSE(IsPlaceholder(facts));
  facts = Placeholder();
  facts.controller.name = "web-5d9c";
  EXPECT_FALSE(IsPlaceholder(facts));
}

// The room that it has is free, and it is not moved off a dead node, nor off a sick one.
TEST(HeadroomTest, APlaceholderMakesWay) {
  PodIndex pods;
  const PodName name{"evenkeel", "evenkeel-headroom-5d9c-x"};
  pods.Put(name, Placeholder());
  EXPECT_EQ(pods.LoadOf("node-1"), Resources{});
  EXPECT_EQ(JudgePod(name, Placeholder()).treatment, PodTreatment::kNone);
  EXPECT_FALSE(PlanFailover("node-1", "uid-node-1", pods).touches_pods);
  EXPECT_FALSE(JudgeForDrain(name, Placeholder(), true).evict);
  pods.Erase(name);
  EXPECT_EQ(pods.LoadOf("node-1"), Resources{});
}

// The webhook is asked first for anything, then for a half more.
TEST(HeadroomTest, TheWebhookIsWorthAskingForAHalfMore) {
  EXPECT_FALSE(IsWorthAsking({}, {}));
  EXPECT_TRUE(IsWorthAsking({}, {.pods = 1}));
  const Resources asked{.cpu_millicores = 400, .memory_bytes = 100, .pods = 2};
  EXPECT_FALSE(IsWorthAsking(asked, {.cpu_millicores = 599, .memory_bytes = 149, .pods = 3}));
  EXPECT_TRUE(IsWorthAsking(asked, {.cpu_millicores = 600, .memory_bytes = 100, .pods = 3}));
  EXPECT_TRUE(IsWorthAsking(asked, {.cpu_millicores = 400, .memory_bytes = 150, .pods = 3}));
  EXPECT_FALSE(IsWorthAsking(asked, {.cpu_millicores = 100, .memory_bytes = 50, .pods = 1}));
  EXPECT_FALSE(IsWorthAsking({.pods = 2}, {.pods = 9}));
}

}  // namespace
}  // namespace evenkeel::coordinator
