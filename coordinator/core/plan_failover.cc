#include "coordinator/core/plan_failover.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/burst/headroom.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

// Controllers whose pods are interchangeable, and replaced as soon as they are gone.
bool MayRunTwice(const std::string& kind) {
  return kind == "ReplicaSet" || kind == "ReplicationController" || kind == "Job";
}

constexpr char kProof[] = "until the node is proven to be off, is fenced, or an operator says so";

PodJudgement Keep(const PodName& name, const PodFacts& pod, std::string why) {
  PodJudgement judgement;
  // A pod that is not Ready gets no traffic already.
  judgement.treatment = pod.ready ? PodTreatment::kMarkUnready : PodTreatment::kNone;
  judgement.not_taken = {StartElsewhere(name), std::move(why)};
  return judgement;
}

Action OnNode(ActionKind kind, uint32_t stage, const std::string& node, const std::string& node_uid) {
  Action action;
  action.stage = stage;
  action.kind = kind;
  action.name = node;
  action.uid = node_uid;
  return action;
}

// Whether the node may be called out of service: then Kubernetes deletes all of its pods and detaches all of
// its volumes. A node that was proven to be off has none that could be harmed. One that has fenced itself may
// run on, so there must be nothing on it that has moved by no proof.
bool OutOfService(const FenceProof& proof, const std::string& node, const PodIndex& pods) {
  bool moves = false;
  for (const PodName& name : pods.OnNode(node)) {
    const PodFacts& pod = *pods.Find(name);
    const bool finished = pod.phase == "Succeeded" || pod.phase == "Failed";
    if (MustNotRunTwice(pod) && proof.Covers(pod.uid)) {
      moves = true;
    } else if (proof.method == FenceMethod::kSelf && !finished && !pod.mirror &&
               (pod.controller.kind.empty() || MustNotRunTwice(pod))) {
      return false;
    }
  }
  return moves;
}

}  // namespace

bool MustNotRunTwice(const PodFacts& pod) {
  const std::string& kind = pod.controller.kind;
  if (pod.phase == "Succeeded" || pod.phase == "Failed" || pod.mirror) return false;
  if (kind.empty() || kind == "DaemonSet") return false;  // nobody makes it again, or only where it is
  return !MayRunTwice(kind) || !pod.exclusive_claims.empty();
}

std::string StartElsewhere(const PodName& name) {
  return absl::StrCat("start ", PodText(name.name_space, name.name), " elsewhere");
}

PodJudgement JudgePod(const PodName& name, const PodFacts& pod, const std::optional<FenceProof>& proof) {
  if (pod.phase == "Succeeded" || pod.phase == "Failed" || pod.mirror) return {};
  if (IsPlaceholder(pod)) return {};  // nothing is lost with it, and nothing gained by another
  const std::string& kind = pod.controller.kind;
  if (kind == "DaemonSet") {
    PodJudgement judgement = Keep(name, pod, "");
    judgement.not_taken = {};
    return judgement;
  }
  if (kind.empty()) return Keep(name, pod, "it has no controller: nobody would make it again");
  if (!MustNotRunTwice(pod) || (proof && proof->Covers(pod.uid))) return {PodTreatment::kDelete, {}};
  if (kind == "StatefulSet") {
    return Keep(
        name, pod,
        absl::StrCat("it belongs to ", Say(pod.controller), " and must not run twice: it waits ", kProof));
  }
  if (!MayRunTwice(kind)) {
    return Keep(name, pod,
                absl::StrCat("whether pods of ", Say(pod.controller),
                             " may run twice is not known: it waits ", kProof));
  }
  return Keep(name, pod,
              absl::StrCat("only one node may mount its volume ", absl::StrJoin(pod.exclusive_claims, ", "),
                           ": it waits ", kProof));
}

Action ActionFor(PodTreatment treatment, const PodName& name, const PodFacts& pod) {
  Action action;
  action.stage = kPodStage;
  action.kind = treatment == PodTreatment::kDelete ? ActionKind::kDeletePod : ActionKind::kMarkPodUnready;
  action.name_space = name.name_space;
  action.name = name.name;
  action.uid = pod.uid;
  return action;
}

void CountRemoved(std::vector<WorkloadRecovery>& workloads, const std::string& name_space,
                  const Controller& controller, const PodIndex& pods, const std::string& node) {
  auto workload = std::find_if(workloads.begin(), workloads.end(), [&](const WorkloadRecovery& known) {
    return known.controller.uid == controller.uid;
  });
  if (workload == workloads.end()) {
    WorkloadRecovery fresh;
    fresh.name_space = name_space;
    fresh.controller = controller;
    fresh.ready_elsewhere_before = static_cast<uint32_t>(pods.ReadyElsewhere(controller.uid, node));
    workload = workloads.insert(workloads.end(), std::move(fresh));
  }
  ++workload->removed;
}

FailoverPlan PlanFailover(const std::string& node, const std::string& node_uid, const PodIndex& pods,
                          const FenceOptions& fence) {
  FailoverPlan plan;
  plan.actions.push_back(OnNode(ActionKind::kTaintNode, kTaintStage, node, node_uid));
  if (fence.proof && OutOfService(*fence.proof, node, pods)) {
    plan.actions.push_back(OnNode(ActionKind::kTaintOutOfService, kTaintStage, node, node_uid));
  }

  bool ask_hook = false;
  std::vector<std::pair<PodName, const PodFacts*>> in_order;
  for (const PodName& name : pods.OnNode(node)) in_order.emplace_back(name, pods.Find(name));
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto& a, const auto& b) { return a.second->priority > b.second->priority; });
  for (const auto& [name, pod] : in_order) {
    PodJudgement judgement = JudgePod(name, *pod, fence.proof);
    const bool waits = MustNotRunTwice(*pod) && judgement.treatment != PodTreatment::kDelete;
    ask_hook = ask_hook || (waits && fence.hook);
    if (!judgement.not_taken.description.empty()) plan.alternatives.push_back(std::move(judgement.not_taken));
    if (judgement.treatment == PodTreatment::kNone) continue;
    plan.touches_pods = true;
    plan.actions.push_back(ActionFor(judgement.treatment, name, *pod));
    if (judgement.treatment == PodTreatment::kDelete && !pod->deleting) {
      CountRemoved(plan.workloads, name.name_space, pod->controller, pods, node);
    }
  }
  if (ask_hook) plan.actions.push_back(OnNode(ActionKind::kFenceNode, kHookStage, node, node_uid));
  for (size_t i = 0; i < plan.actions.size(); ++i) plan.actions[i].number = static_cast<uint32_t>(i + 1);
  return plan;
}

}  // namespace evenkeel::coordinator
