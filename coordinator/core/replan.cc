#include "coordinator/core/replan.h"

#include <algorithm>
#include <tuple>

namespace evenkeel::coordinator {
namespace {

bool Ended(const Action& action) {
  return action.state != ActionState::kPending && action.state != ActionState::kReleased;
}

bool SameAct(const Action& a, const Action& b) {
  return std::tie(a.kind, a.name_space, a.name, a.uid) == std::tie(b.kind, b.name_space, b.name, b.uid);
}

// What the action is for is there already.
bool EffectSeen(const Action& action, const NodeFacts& node, const PodIndex& pods) {
  if (action.kind == ActionKind::kTaintNode) return node.uid == action.uid && node.failover_taint;
  if (action.kind == ActionKind::kUntaintNode) return node.uid != action.uid || !node.failover_taint;
  if (action.kind == ActionKind::kTaintOutOfService) return node.uid == action.uid && node.out_of_service;
  if (action.kind == ActionKind::kUntaintOutOfService) return node.uid != action.uid || !node.out_of_service;
  if (action.kind == ActionKind::kFenceNode) return false;  // only its answer tells
  const PodFacts* pod = pods.Find({action.name_space, action.name});
  if (pod == nullptr || pod->uid != action.uid) return true;
  return action.kind == ActionKind::kMarkPodUnready && !pod->ready;
}

void EndUnneeded(Action& action, bool effect_seen, const std::string& why) {
  const bool tried = action.attempts > 0;
  action.state = tried && effect_seen ? ActionState::kDone : ActionState::kSkipped;
  action.result = action.state == ActionState::kDone ? "seen to be done; its answer was lost" : why;
  if (action.state == ActionState::kSkipped) action.finish_time.reset();  // of a try that nobody answered
}

}  // namespace

bool AllEnded(const Decision& decision) {
  return std::all_of(decision.actions.begin(), decision.actions.end(), Ended);
}

std::vector<Action> WithoutTaintsThere(std::vector<Action> actions, const NodeFacts& node) {
  std::erase_if(actions, [&node](const Action& action) {
    return (action.kind == ActionKind::kTaintNode && node.failover_taint) ||
           (action.kind == ActionKind::kTaintOutOfService && node.out_of_service);
  });
  return actions;
}

uint32_t LastStage(const Decision& decision) {
  uint32_t last = 0;
  for (const Action& action : decision.actions) last = std::max(last, action.stage);
  return last;
}

void Replan(Decision& decision, const FailoverPlan& plan, const NodeFacts& node, const PodIndex& pods) {
  uint32_t stages_ended = 0;
  for (const Action& action : decision.actions) {
    const bool hook = action.kind == ActionKind::kFenceNode;  // its stage stands apart from the others
    if (Ended(action) && !hook) stages_ended = std::max(stages_ended, action.stage);
  }
  std::vector<Action> wanted = WithoutTaintsThere(plan.actions, node);
  for (Action& action : decision.actions) {
    const auto again =
        std::find_if(wanted.begin(), wanted.end(), [&](const Action& w) { return SameAct(w, action); });
    if (Ended(action)) {
      // What we have skipped may be right again (what the server has skipped has an end of its own), a taint
      // may be gone again, and the hook's word may count no more; all else that has ended is not repeated.
      const bool again_and_again = action.kind == ActionKind::kTaintNode ||
                                   action.kind == ActionKind::kTaintOutOfService ||
                                   action.kind == ActionKind::kFenceNode;
      const bool repeatable = action.state == ActionState::kSkipped ? !action.finish_time : again_and_again;
      if (again != wanted.end() && !repeatable) wanted.erase(again);
      continue;
    }
    if (again == wanted.end()) {
      EndUnneeded(action, EffectSeen(action, node, pods), "not needed any more");
      continue;
    }
    action.state = ActionState::kPending;
    action.stage = stages_ended + again->stage;
    wanted.erase(again);
  }
  for (Action& action : wanted) {
    action.number = static_cast<uint32_t>(decision.actions.size() + 1);
    action.stage += stages_ended;
    const PodFacts* pod = pods.Find({action.name_space, action.name});
    if (action.kind == ActionKind::kDeletePod && pod != nullptr && !pod->deleting) {
      CountRemoved(decision.workloads, action.name_space, pod->controller, pods, decision.node);
    }
    decision.actions.push_back(action);
  }
  for (const Alternative& alternative : plan.alternatives) {
    const auto& known = decision.alternatives;
    if (std::find(known.begin(), known.end(), alternative) == known.end())
      decision.alternatives.push_back(alternative);
  }
}

void SkipPending(Decision& decision, const std::string& why, bool fresh, const NodeFacts& node,
                 const PodIndex& pods) {
  for (Action& action : decision.actions) {
    const bool untaint =
        action.kind == ActionKind::kUntaintNode || action.kind == ActionKind::kUntaintOutOfService;
    if (action.state != ActionState::kPending || untaint) continue;
    if (!fresh && action.attempts > 0) continue;
    EndUnneeded(action, EffectSeen(action, node, pods), why);
    const PodFacts* pod = pods.Find({action.name_space, action.name});
    if (action.kind != ActionKind::kDeletePod || action.state != ActionState::kSkipped || pod == nullptr)
      continue;
    for (WorkloadRecovery& workload : decision.workloads) {
      if (workload.controller.uid == pod->controller.uid && workload.removed > 0) --workload.removed;
    }
  }
  std::erase_if(decision.workloads, [](const WorkloadRecovery& workload) { return workload.removed == 0; });
}

}  // namespace evenkeel::coordinator
