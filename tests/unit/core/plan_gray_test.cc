// What can be done about a sick node, by table: which part is restarted, which pods a drain evicts.

#include "coordinator/core/plan_gray.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

std::vector<Symptom> With(std::vector<SymptomKind> kinds) {
  std::vector<Symptom> symptoms;
  for (const SymptomKind kind : kinds) symptoms.push_back({kind, "sick", 0, std::nullopt});
  return symptoms;
}

PodFacts Pod(const std::string& kind, std::vector<std::string> claims = {}) {
  PodFacts pod;
  pod.uid = "uid";
  pod.node = "node-1";
  pod.phase = "Running";
  pod.ready = true;
  if (!kind.empty()) pod.controller = {kind, "web", "uid-web"};
  pod.exclusive_claims = std::move(claims);
  return pod;
}

// The runtime comes before the kubelet, which depends on it; a disk, the kernel and memory are not mended by
// a restart.
TEST(PlanGrayTest, RestartsWhatMayHelp) {
  using Kind = SymptomKind;
  EXPECT_EQ(RestartFor(With({Kind::kKubelet})), ActionKind::kRestartKubelet);
  EXPECT_EQ(RestartFor(With({Kind::kPleg})), ActionKind::kRestartKubelet);
  EXPECT_EQ(RestartFor(With({Kind::kKubelet, Kind::kRuntime, Kind::kPleg})), ActionKind::kRestartRuntime);
  EXPECT_EQ(RestartFor(With({Kind::kReadOnlyDisk, Kind::kHungDisk, Kind::kIoErrors, Kind::kHungTask,
                             Kind::kMemoryStall, Kind::kOomKills})),
            std::nullopt);
  EXPECT_EQ(RestartFor({}), std::nullopt);
}

// Who must not run twice is evicted only from a node that can end it: elsewhere it would run nowhere.
TEST(PlanGrayTest, EvictsWhatRunsElsewhereAfterwards) {
  const PodName name{"shop", "web-1"};
  const struct {
    PodFacts pod;
    bool evict_if_it_ends;
    bool evict_if_not;
  } table[] = {
      {Pod("ReplicaSet"), true, true},   {Pod("ReplicationController"), true, true},
      {Pod("Job"), true, true},          {Pod("ReplicaSet", {"data"}), true, false},
      {Pod("StatefulSet"), true, false}, {Pod("SomethingNew"), true, false},
      {Pod("DaemonSet"), false, false},  {Pod(""), false, false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(JudgeForDrain(name, row.pod, true).evict, row.evict_if_it_ends) << row.pod.controller.kind;
    EXPECT_EQ(JudgeForDrain(name, row.pod, false).evict, row.evict_if_not) << row.pod.controller.kind;
  }
  for (const char* why : {"finished", "mirror", "deleting"}) {
    PodFacts pod = Pod("ReplicaSet");
    if (std::string(why) == "finished") pod.phase = "Succeeded";
    pod.mirror = std::string(why) == "mirror";
    pod.deleting = std::string(why) == "deleting";
    EXPECT_FALSE(JudgeForDrain(name, pod, true).evict) << why;
    EXPECT_TRUE(JudgeForDrain(name, pod, true).not_taken.description.empty()) << why;
  }
  EXPECT_FALSE(JudgeForDrain(name, Pod(""), true).not_taken.reason.empty());
  EXPECT_FALSE(JudgeForDrain(name, Pod("StatefulSet"), false).not_taken.reason.empty());
}

// A kubelet, runtime or disk that is sick may not be able to end a pod; the kernel's and memory's troubles
// leave it able.
TEST(PlanGrayTest, KnowsWhoCanEndPods) {
  for (const SymptomKind kind : {SymptomKind::kKubelet, SymptomKind::kRuntime, SymptomKind::kPleg,
                                 SymptomKind::kReadOnlyDisk, SymptomKind::kHungDisk}) {
    EXPECT_FALSE(CanEndPods(With({kind}))) << static_cast<int>(kind);
  }
  EXPECT_TRUE(CanEndPods(With(
      {SymptomKind::kIoErrors, SymptomKind::kHungTask, SymptomKind::kMemoryStall, SymptomKind::kOomKills})));
}

// The most important pods first, then by name.
TEST(PlanGrayTest, OrdersByPriority) {
  PodIndex pods;
  PodFacts low = Pod("ReplicaSet");
  PodFacts high = Pod("ReplicaSet");
  high.priority = 100;
  pods.Put({"shop", "a"}, low);
  pods.Put({"shop", "b"}, low);
  pods.Put({"shop", "c"}, high);
  const std::vector<PodName> order = PodsToEvict("node-1", pods, true, nullptr);
  ASSERT_EQ(order.size(), 3U);
  EXPECT_EQ(order[0].name, "c");
  EXPECT_EQ(order[1].name, "a");
  EXPECT_EQ(order[2].name, "b");
}

// Under the mode observe no rung is climbed, whatever the policy says of sick nodes.
TEST(PlanGrayTest, ObserveComesBeforeEveryRung) {
  FailoverPolicy policy;
  policy.gray.taint = policy.gray.restart = policy.gray.drain = true;
  EXPECT_FALSE(EnforcedRungs(policy).Any());
  policy.mode = PolicyMode::kEnforce;
  EXPECT_TRUE(EnforcedRungs(policy).taint && EnforcedRungs(policy).restart && EnforcedRungs(policy).drain);
  EXPECT_EQ(RungsText(policy), "taint enforce, restart enforce, drain enforce");
  policy.gray = {};
  EXPECT_FALSE(EnforcedRungs(policy).Any());
}

// What is blocked is asked again after growing pauses.
TEST(PlanGrayTest, PausesGrow) {
  const int seconds[] = {0, 1, 2, 4, 8, 16, 30, 30};
  for (uint32_t attempts = 0; attempts < 8; ++attempts) {
    EXPECT_EQ(PauseAfter(attempts), absl::Seconds(seconds[attempts])) << attempts;
  }
  EXPECT_EQ(PauseAfter(UINT32_MAX), absl::Seconds(30));
}

}  // namespace
}  // namespace evenkeel::coordinator
