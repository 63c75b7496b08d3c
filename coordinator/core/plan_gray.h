// What can be done about a sick node: pure, from its symptoms, its policy and its pods.
//
// The ladder: taint, so that no new pods come; restart of the part that is sick; drain, so that its pods run
// elsewhere; and when nothing has helped in time, a call for people. Each rung is enforced or only observed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/decision.h"
#include "coordinator/core/health.h"
#include "coordinator/core/pod_index.h"
#include "coordinator/core/policy.h"

namespace evenkeel::coordinator {

// The rungs that may be climbed: under the mode observe, none.
struct GrayRungs {
  bool taint = false;
  bool restart = false;
  bool drain = false;
  bool Any() const { return taint || restart || drain; }
};
GrayRungs EnforcedRungs(const FailoverPolicy& policy);
std::string RungsText(const FailoverPolicy& policy);  // "taint enforce, restart observe, drain observe"

// The part whose restart may help: the runtime before the kubelet, which depends on it. None: no restart of a
// process mends a disk, the kernel or a lack of memory.
std::optional<ActionKind> RestartFor(const std::vector<Symptom>& symptoms);

// Its kubelet and runtime can still end a pod. Without that an evicted pod lingers, and whatever must not run
// twice would run nowhere instead of on a node that is only sick.
bool CanEndPods(const std::vector<Symptom>& symptoms);

// One pod's part in a drain.
struct DrainJudgement {
  bool evict = false;
  Alternative not_taken;  // empty, or why it stays
};
DrainJudgement JudgeForDrain(const PodName& name, const PodFacts& pod, bool can_end_pods);

// The pods of a node that a drain would evict now, by falling priority, then by name; pods on their way out
// are not among them. `stays` gets the reasons of those that stay; it may be null.
std::vector<PodName> PodsToEvict(const std::string& node, const PodIndex& pods, bool can_end_pods,
                                 std::vector<Alternative>* stays);

// The whole ladder as it would be climbed now, for a decision that is only recorded. Actions are numbered.
struct GrayPlan {
  std::vector<Action> actions;
  std::vector<Alternative> alternatives;
};
GrayPlan PlanGray(const std::string& node, const std::string& node_uid, const std::vector<Symptom>& symptoms,
                  const PodIndex& pods);

// The pause before what was blocked or not answered is asked again: 1 s, doubling, at most 30 s.
absl::Duration PauseAfter(uint32_t attempts);
bool MayRetry(const Action& action, absl::Time now);

// One action of a ladder; each has a stage of its own.
Action GrayAction(const Decision& decision, ActionKind kind, const std::string& name, const std::string& uid);

}  // namespace evenkeel::coordinator
