#include "coordinator/core/plan_gray.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "coordinator/core/burst/headroom.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

bool Has(const std::vector<Symptom>& symptoms, SymptomKind kind) {
  return std::any_of(symptoms.begin(), symptoms.end(), [kind](const Symptom& s) { return s.kind == kind; });
}

DrainJudgement Stays(const PodName& name, std::string why) {
  return {false, {absl::StrCat("evict ", PodText(name.name_space, name.name)), std::move(why)}};
}

const char* ModeText(bool enforced) {
  return enforced ? "enforce" : "observe";
}

}  // namespace

GrayRungs EnforcedRungs(const FailoverPolicy& policy) {
  if (policy.mode != PolicyMode::kEnforce) return {};
  return {.taint = policy.gray.taint, .restart = policy.gray.restart, .drain = policy.gray.drain};
}

std::string RungsText(const FailoverPolicy& policy) {
  return absl::StrCat("taint ", ModeText(policy.gray.taint), ", restart ", ModeText(policy.gray.restart),
                      ", drain ", ModeText(policy.gray.drain));
}

std::optional<ActionKind> RestartFor(const std::vector<Symptom>& symptoms) {
  if (Has(symptoms, SymptomKind::kRuntime)) return ActionKind::kRestartRuntime;
  if (Has(symptoms, SymptomKind::kKubelet) || Has(symptoms, SymptomKind::kPleg)) {
    return ActionKind::kRestartKubelet;
  }
  return std::nullopt;
}

bool CanEndPods(const std::vector<Symptom>& symptoms) {
  return std::none_of(symptoms.begin(), symptoms.end(), [](const Symptom& symptom) {
    switch (symptom.kind) {
      case SymptomKind::kKubelet:
      case SymptomKind::kRuntime:
      case SymptomKind::kPleg:
      case SymptomKind::kReadOnlyDisk:
      case SymptomKind::kHungDisk:
        return true;
      case SymptomKind::kIoErrors:
      case SymptomKind::kHungTask:
      case SymptomKind::kMemoryStall:
      case SymptomKind::kOomKills:
        return false;
    }
    return false;
  });
}

DrainJudgement JudgeForDrain(const PodName& name, const PodFacts& pod, bool can_end_pods) {
  const std::string& kind = pod.controller.kind;
  if (pod.phase == "Succeeded" || pod.phase == "Failed" || pod.mirror || pod.deleting) return {};
  if (kind == "DaemonSet") return {};  // its controller would put it back
  if (IsPlaceholder(pod)) return {};   // nobody's application
  if (kind.empty()) return Stays(name, "it has no controller: nobody would make it again");
  const bool interchangeable = kind == "ReplicaSet" || kind == "ReplicationController" || kind == "Job";
  if (can_end_pods || (interchangeable && pod.exclusive_claims.empty())) return {true, {}};
  // L5: eviction never runs it twice; here it would run nowhere.
  const std::string what = interchangeable ? absl::StrCat("only one node may mount its volume ",
                                                          absl::StrJoin(pod.exclusive_claims, ", "))
                                           : absl::StrCat("it belongs to ", Say(pod.controller));
  return Stays(name, absl::StrCat(what,
                                  ", and the node may not be able to end it: its replacement would not "
                                  "start, and where it is it may still work"));
}

std::vector<PodName> PodsToEvict(const std::string& node, const PodIndex& pods, bool can_end_pods,
                                 std::vector<Alternative>* stays) {
  std::vector<std::pair<PodName, int32_t>> chosen;
  for (const PodName& name : pods.OnNode(node)) {
    const PodFacts& pod = *pods.Find(name);
    DrainJudgement judgement = JudgeForDrain(name, pod, can_end_pods);
    if (judgement.evict) chosen.emplace_back(name, pod.priority);
    if (stays != nullptr && !judgement.not_taken.description.empty()) {
      stays->push_back(std::move(judgement.not_taken));
    }
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<PodName> names;
  names.reserve(chosen.size());
  for (auto& [name, priority] : chosen) names.push_back(std::move(name));
  return names;
}

absl::Duration PauseAfter(uint32_t attempts) {
  constexpr uint32_t kMostDoublings = 5;
  if (attempts == 0) return absl::ZeroDuration();
  return std::min(absl::Seconds(1) * (1U << std::min(attempts - 1, kMostDoublings)), absl::Seconds(30));
}

bool MayRetry(const Action& action, absl::Time now) {
  return action.attempts == 0 || !action.finish_time ||
         now >= *action.finish_time + PauseAfter(action.attempts);
}

Action GrayAction(const Decision& decision, ActionKind kind, const std::string& name,
                  const std::string& uid) {
  Action action;
  action.number = static_cast<uint32_t>(decision.actions.size() + 1);
  action.stage = action.number;
  action.kind = kind;
  action.name = name;
  action.uid = uid;
  return action;
}

GrayPlan PlanGray(const std::string& node, const std::string& node_uid, const std::vector<Symptom>& symptoms,
                  const PodIndex& pods) {
  Decision draft;
  GrayPlan plan;
  draft.actions.push_back(GrayAction(draft, ActionKind::kTaintGray, node, node_uid));
  if (const auto restart = RestartFor(symptoms)) {
    draft.actions.push_back(GrayAction(draft, *restart, node, node_uid));
  }
  for (const PodName& name : PodsToEvict(node, pods, CanEndPods(symptoms), &plan.alternatives)) {
    Action eviction = GrayAction(draft, ActionKind::kEvictPod, name.name, pods.Find(name)->uid);
    eviction.name_space = name.name_space;
    draft.actions.push_back(std::move(eviction));
  }
  plan.actions = std::move(draft.actions);
  return plan;
}

}  // namespace evenkeel::coordinator
