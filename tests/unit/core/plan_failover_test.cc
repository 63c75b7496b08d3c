// What is planned for the pods of a dead node (L5).

#include "coordinator/core/plan_failover.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

PodFacts Pod(const std::string& kind, const std::string& owner, const std::string& node = "dead") {
  PodFacts pod;
  pod.uid = "uid";
  pod.node = node;
  pod.phase = "Running";
  pod.ready = true;
  if (!kind.empty()) pod.controller = {kind, owner, "uid-" + owner};
  return pod;
}

// Each kind of pod has its treatment; only what may run twice is deleted.
TEST(JudgePodTest, OnlyWhatMayRunTwiceIsDeleted) {
  PodFacts succeeded = Pod("Job", "import");
  succeeded.phase = "Succeeded";
  PodFacts failed = Pod("ReplicaSet", "web");
  failed.phase = "Failed";
  PodFacts mirror = Pod("Node", "dead");
  mirror.mirror = true;
  PodFacts claim = Pod("ReplicaSet", "files");
  claim.exclusive_claims = {"files-data"};
  PodFacts pending = Pod("ReplicaSet", "web");
  pending.phase = "Pending";
  pending.ready = false;
  PodFacts deleting = Pod("ReplicaSet", "web");
  deleting.deleting = true;
  PodFacts unready_set = Pod("StatefulSet", "db");
  unready_set.ready = false;
  const struct {
    const char* what;
    PodFacts pod;
    PodTreatment treatment;
    bool explained;  // the decision says what was not done
  } table[] = {
      {"ReplicaSet", Pod("ReplicaSet", "web"), PodTreatment::kDelete, false},
      {"ReplicationController", Pod("ReplicationController", "web"), PodTreatment::kDelete, false},
      {"Job", Pod("Job", "import"), PodTreatment::kDelete, false},
      {"not Ready", pending, PodTreatment::kDelete, false},
      {"on its way out", deleting, PodTreatment::kDelete, false},
      {"with a volume of its own", claim, PodTreatment::kMarkUnready, true},
      {"StatefulSet", Pod("StatefulSet", "db"), PodTreatment::kMarkUnready, true},
      {"StatefulSet, not Ready", unready_set, PodTreatment::kNone, true},
      {"DaemonSet", Pod("DaemonSet", "logs"), PodTreatment::kMarkUnready, false},
      {"no controller", Pod("", ""), PodTreatment::kMarkUnready, true},
      {"a controller that we do not know", Pod("Rollout", "web"), PodTreatment::kMarkUnready, true},
      {"Succeeded", succeeded, PodTreatment::kNone, false},
      {"Failed", failed, PodTreatment::kNone, false},
      {"mirror pod", mirror, PodTreatment::kNone, false},
  };
  for (const auto& row : table) {
    const PodJudgement judgement = JudgePod({"shop", "pod"}, row.pod);
    EXPECT_EQ(judgement.treatment, row.treatment) << row.what;
    EXPECT_EQ(!judgement.not_taken.description.empty(), row.explained) << row.what;
    EXPECT_EQ(!judgement.not_taken.reason.empty(), row.explained) << row.what;
  }
}

// A proof lets what waits for it move: by an agent's own fence only the pods it had marked; by an operator's
// word or the hook's all; and still nothing that nobody would make again, or that belongs to the node.
TEST(JudgePodTest, AProofLetsWhatItCoversMove) {
  const FenceProof self{.method = FenceMethod::kSelf, .time = {}, .detail = "", .pods = {"uid"}};
  const FenceProof other{.method = FenceMethod::kSelf, .time = {}, .detail = "", .pods = {"another"}};
  const FenceProof hook{.method = FenceMethod::kHook, .time = {}, .detail = "", .pods = {}};
  PodFacts claim = Pod("ReplicaSet", "files");
  claim.exclusive_claims = {"files-data"};
  for (const PodFacts& pod : {Pod("StatefulSet", "db"), Pod("Rollout", "web"), claim}) {
    EXPECT_TRUE(MustNotRunTwice(pod));
    EXPECT_EQ(JudgePod({"shop", "pod"}, pod, self).treatment, PodTreatment::kDelete);
    EXPECT_EQ(JudgePod({"shop", "pod"}, pod, other).treatment, PodTreatment::kMarkUnready);
    EXPECT_EQ(JudgePod({"shop", "pod"}, pod, hook).treatment, PodTreatment::kDelete);
  }
  for (const PodFacts& pod : {Pod("", ""), Pod("DaemonSet", "logs")}) {
    EXPECT_FALSE(MustNotRunTwice(pod));
    EXPECT_EQ(JudgePod({"shop", "pod"}, pod, hook).treatment, PodTreatment::kMarkUnready);
  }
}

// Kubernetes' out-of-service taint has all pods of a node deleted and its volumes detached. A node that may
// run on gets it only when nothing is left on it that has moved by no proof.
TEST(PlanFailoverTest, OutOfServiceOnlyWhereItHarmsNothing) {
  const auto has = [](const FailoverPlan& plan, ActionKind kind) {
    return std::any_of(plan.actions.begin(), plan.actions.end(),
                       [kind](const Action& action) { return action.kind == kind; });
  };
  const FenceProof self{.method = FenceMethod::kSelf, .time = {}, .detail = "", .pods = {"uid"}};
  const FenceProof word{.method = FenceMethod::kOperator, .time = {}, .detail = "", .pods = {}};
  PodIndex pods;
  pods.Put({"shop", "logs"}, Pod("DaemonSet", "logs"));
  EXPECT_FALSE(has(PlanFailover("dead", "u", pods, {.proof = word}), ActionKind::kTaintOutOfService));
  pods.Put({"shop", "db-0"}, Pod("StatefulSet", "db"));
  EXPECT_TRUE(has(PlanFailover("dead", "u", pods, {.proof = word}), ActionKind::kTaintOutOfService));
  EXPECT_TRUE(has(PlanFailover("dead", "u", pods, {.proof = self}), ActionKind::kTaintOutOfService));
  PodFacts unmarked = Pod("StatefulSet", "db");
  unmarked.uid = "another";
  pods.Put({"shop", "db-1"}, unmarked);
  EXPECT_FALSE(has(PlanFailover("dead", "u", pods, {.proof = self}), ActionKind::kTaintOutOfService));
  EXPECT_TRUE(has(PlanFailover("dead", "u", pods, {.proof = word}), ActionKind::kTaintOutOfService));
  // The hook is asked only where something waits.
  EXPECT_TRUE(has(PlanFailover("dead", "u", pods, {.hook = true}), ActionKind::kFenceNode));
  EXPECT_FALSE(has(PlanFailover("dead", "u", pods, {.proof = word, .hook = true}), ActionKind::kFenceNode));
}

// The taint comes first, in a stage of its own; then the pods by falling priority, then by name; numbers rise
// from 1.
TEST(PlanFailoverTest, TaintThenPodsByPriority) {
  PodIndex pods;
  pods.Put({"shop", "b"}, Pod("ReplicaSet", "web"));
  pods.Put({"shop", "a"}, Pod("ReplicaSet", "web"));
  PodFacts important = Pod("ReplicaSet", "api");
  important.priority = 100;
  pods.Put({"shop", "z"}, important);
  pods.Put({"shop", "db-0"}, Pod("StatefulSet", "db"));
  pods.Put({"shop", "elsewhere"}, Pod("ReplicaSet", "web", "alive"));

  const FailoverPlan plan = PlanFailover("dead", "uid-dead", pods);
  std::vector<std::string> order;
  for (const Action& action : plan.actions) {
    EXPECT_EQ(action.number, order.size() + 1);
    EXPECT_EQ(action.state, ActionState::kPending);
    order.push_back(absl::StrCat(action.stage, " ", static_cast<int>(action.kind), " ", action.name));
  }
  const int taint = static_cast<int>(ActionKind::kTaintNode);
  const int remove = static_cast<int>(ActionKind::kDeletePod);
  const int mark = static_cast<int>(ActionKind::kMarkPodUnready);
  EXPECT_EQ(order,
            (std::vector<std::string>{absl::StrCat("1 ", taint, " dead"), absl::StrCat("2 ", remove, " z"),
                                      absl::StrCat("2 ", remove, " a"), absl::StrCat("2 ", remove, " b"),
                                      absl::StrCat("2 ", mark, " db-0")}));
  EXPECT_EQ(plan.actions[0].uid, "uid-dead");
  EXPECT_TRUE(plan.touches_pods);
  ASSERT_EQ(plan.alternatives.size(), 1u);
  EXPECT_EQ(plan.alternatives[0].description, "start shop/db-0 elsewhere");
}

// A workload is to grow elsewhere by what is taken off now; a pod on its way out has its replacement already.
TEST(PlanFailoverTest, WorkloadsCountWhatIsTakenOff) {
  PodIndex pods;
  pods.Put({"shop", "a"}, Pod("ReplicaSet", "web"));
  pods.Put({"shop", "b"}, Pod("ReplicaSet", "web"));
  PodFacts leaving = Pod("ReplicaSet", "web");
  leaving.deleting = true;
  pods.Put({"shop", "c"}, leaving);
  pods.Put({"shop", "d"}, Pod("ReplicaSet", "web", "alive"));
  pods.Put({"shop", "e"}, Pod("StatefulSet", "db"));

  const FailoverPlan plan = PlanFailover("dead", "uid-dead", pods);
  ASSERT_EQ(plan.workloads.size(), 1u);
  EXPECT_EQ(plan.workloads[0].controller.name, "web");
  EXPECT_EQ(plan.workloads[0].removed, 2u);
  EXPECT_EQ(plan.workloads[0].ready_elsewhere_before, 1u);
}

// A node with nothing to move is still tainted; nothing is claimed beyond that.
TEST(PlanFailoverTest, EmptyNode) {
  const FailoverPlan plan = PlanFailover("dead", "uid-dead", PodIndex());
  EXPECT_EQ(plan.actions.size(), 1u);
  EXPECT_FALSE(plan.touches_pods);
  EXPECT_TRUE(plan.workloads.empty());
}

}  // namespace
}  // namespace evenkeel::coordinator
