// Virtual nodes' pods go first, by a deletion cost where the server heeds it and by hand where it does not.

#include "coordinator/core/burst/victims.h"

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/virtual_first.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
const BurstPrices kPrices{.core_hour_micros = 40'000, .gib_hour_micros = 4'000, .currency = {}};

VictimCandidate Pod(const char* name, bool on_virtual, int64_t cpu = 200, int age = 10) {
  return {.uid = std::string("uid-") + name,
          .name = name,
          .on_virtual_node = on_virtual,
          .bound = true,
          .ready = true,
          .requests = {.cpu_millicores = cpu, .memory_bytes = 0, .pods = 1},
          .created = kStart - absl::Minutes(age)};
}

std::vector<std::string> Names(const std::vector<VictimCandidate>& pods) {
  std::vector<std::string> names;
  for (const VictimCandidate& pod : pods) names.push_back(pod.name);
  return names;
}

TEST(VictimsTest, TheServersVersionDecidesTheWay) {
  EXPECT_FALSE(HeedsDeletionCost(0));  // not known: by hand, which is right everywhere
  EXPECT_FALSE(HeedsDeletionCost(20));
  EXPECT_FALSE(HeedsDeletionCost(21));
  EXPECT_TRUE(HeedsDeletionCost(22));
  EXPECT_TRUE(HeedsDeletionCost(36));
}

// A cost is set from the moment at which a pod is bound to a virtual node; somebody else's stays, and what no
// controller would take needs none.
TEST(VictimsTest, WhoGetsACost) {
  EXPECT_TRUE(NeedsDeletionCost(true, false, true, std::nullopt, 31));
  EXPECT_TRUE(NeedsDeletionCost(true, false, true, std::nullopt, 0));
  EXPECT_FALSE(NeedsDeletionCost(true, false, true, std::nullopt, 20));
  EXPECT_FALSE(NeedsDeletionCost(false, false, true, std::nullopt, 31));
  EXPECT_FALSE(NeedsDeletionCost(true, true, true, std::nullopt, 31));
  EXPECT_FALSE(NeedsDeletionCost(true, false, false, std::nullopt, 31));
  EXPECT_FALSE(NeedsDeletionCost(true, false, true, kVirtualDeletionCost, 31));
  EXPECT_FALSE(NeedsDeletionCost(true, false, true, 500, 31));
}

// The most expensive goes first, then the youngest, then by name; real nodes' pods never, nor what is going
// already or has not come up.
TEST(VictimsTest, TheMostExpensiveAndYoungestGoFirst) {
  VictimCandidate going = Pod("going", true, 4000);
  going.going = true;
  VictimCandidate starting = Pod("starting", true, 4000);
  starting.ready = false;
  const std::vector<VictimCandidate> pods = {Pod("real", false, 900),
                                             Pod("old", true, 200, 60),
                                             Pod("young", true, 200, 1),
                                             Pod("b", true, 200, 5),
                                             Pod("a", true, 200, 5),
                                             Pod("dear", true, 500, 90),
                                             going,
                                             starting};
  EXPECT_EQ(Names(PickVirtualVictims(pods, 10, kPrices)),
            (std::vector<std::string>{"dear", "young", "a", "b", "old"}));
  EXPECT_EQ(Names(PickVirtualVictims(pods, 2, kPrices)), (std::vector<std::string>{"dear", "young"}));
  EXPECT_EQ(Names(PickVirtualVictims(pods, 2, {})), (std::vector<std::string>{"dear", "young"}));
  EXPECT_TRUE(PickVirtualVictims(pods, 0, kPrices).empty());
}

// What is not Ready goes by itself; only what is to go beyond that is taken by hand.
TEST(VictimsTest, OnlyWhatDoesNotGoByItselfIsTakenByHand) {
  VictimCandidate pending = Pod("pending", false);
  pending.bound = pending.ready = false;
  const std::vector<VictimCandidate> pods = {Pod("r1", false), Pod("r2", false), Pod("v1", true),
                                             Pod("v2", true), pending};
  EXPECT_EQ(VictimsNeeded(pods, 0), 0u);
  EXPECT_EQ(VictimsNeeded(pods, 1), 0u);
  EXPECT_EQ(VictimsNeeded(pods, 2), 1u);
  EXPECT_EQ(VictimsNeeded(pods, 3), 2u);
  EXPECT_EQ(VictimsNeeded(pods, 4), 2u);  // then real ones go, too
  EXPECT_EQ(VictimsNeeded({}, 3), 0u);
}

// An old server, two Ready pods of which one is on a virtual node, and one of them is to go.
Decision PlanOnAnOldServer(const std::string& kind) {
  Cluster cluster;
  cluster.server_minor = 20;
  cluster.burst.policy = BurstPolicy{};
  cluster.burst.virtual_nodes = {"virtual-1"};
  Scaler scaler;
  scaler.policy.target = {"apps", kind, "shop", "web"};
  for (const char* node : {"virtual-1", "vm-1"}) {
    ScaledPods::SetFacts(scaler.pods.try_emplace(absl::StrCat("uid-", node)).first->second,
                         {.name = node, .node = node, .phase = PodPhase::kRunning, .ready = true});
  }
  Decision plan;
  plan.actions.push_back({.number = 1, .stage = 1, .kind = ActionKind::kSetReplicas, .result = {}});
  plan.actions.back().replicas = ReplicaChange{.kind = kind, .from = 2, .to = 1};
  TakeVirtualFirst(cluster, scaler, plan);
  return plan;
}

TEST(VirtualFirstTest, AnOldServerIsToldByEvictionsWhoGoes) {
  const Decision plan = PlanOnAnOldServer("Deployment");
  ASSERT_EQ(plan.actions.size(), 2u);
  EXPECT_EQ(plan.actions[0].kind, ActionKind::kEvictPod);
  EXPECT_EQ(plan.actions[0].uid, "uid-virtual-1");
}

// It would make the pod again, and take the last one all the same.
TEST(VirtualFirstTest, AStatefulSetIsNotToldWhoGoes) {
  EXPECT_EQ(PlanOnAnOldServer("StatefulSet").actions.size(), 1u);
}

// A StatefulSet's pods are numbered; a name that somebody else has chosen is not taken for a number.
TEST(VictimsTest, KnowsAStatefulSetsOrdinals) {
  EXPECT_EQ(OrdinalOf("db-0"), 0);
  EXPECT_EQ(OrdinalOf("db-main-12"), 12);
  EXPECT_EQ(OrdinalOf("db"), std::nullopt);
  EXPECT_EQ(OrdinalOf("db-"), std::nullopt);
  EXPECT_EQ(OrdinalOf("db-x7"), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator
