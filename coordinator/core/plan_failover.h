// What is to be done about a dead node: pure, from what Kubernetes shows of its pods.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/decision.h"
#include "coordinator/core/pod_index.h"

namespace evenkeel::coordinator {

inline constexpr uint32_t kTaintStage = 1;
inline constexpr uint32_t kPodStage = 2;
inline constexpr uint32_t kUnplacedStage = 3;  // pods without room elsewhere (room.h)
inline constexpr uint32_t kHookStage = 1000;   // after all others, so that none waits for its answer

// What is done about one pod of a dead node.
enum class PodTreatment {
  kNone,         // no traffic comes to it, or only its kubelet can end it
  kDelete,       // it may run twice: its controller replaces it at once
  kMarkUnready,  // it must not, or nobody would replace it: it only loses its traffic
};
// L5: two of it at once would do harm, or whether they would is not known; and its controller would make it
// again.
bool MustNotRunTwice(const PodFacts& pod);

struct PodJudgement {
  PodTreatment treatment = PodTreatment::kNone;
  Alternative not_taken;  // empty, or what was not done and why
};
// L5: a pod that must not run twice is deleted only where `proof` holds for it.
PodJudgement JudgePod(const PodName& name, const PodFacts& pod,
                      const std::optional<FenceProof>& proof = std::nullopt);
// How a judgement's `not_taken` names that a pod stays where it is.
std::string StartElsewhere(const PodName& name);

// How far pods that must not run twice may be moved.
struct FenceOptions {
  std::optional<FenceProof> proof;
  bool hook = false;  // a proof is to be asked of the hook where one is needed
};

struct FailoverPlan {
  // Numbered from 1: the taints, then the pods by falling priority, then by name, then the hook.
  std::vector<Action> actions;
  std::vector<Alternative> alternatives;
  std::vector<WorkloadRecovery> workloads;  // of the pods that are deleted and not on their way out already
  bool touches_pods = false;                // something is to be done beyond taints and the hook
};
FailoverPlan PlanFailover(const std::string& node, const std::string& node_uid, const PodIndex& pods,
                          const FenceOptions& fence = {});

// The action for one pod, without number; kNone gives none.
Action ActionFor(PodTreatment treatment, const PodName& name, const PodFacts& pod);

// Counts one more pod of `controller` as taken off `node`.
void CountRemoved(std::vector<WorkloadRecovery>& workloads, const std::string& name_space,
                  const Controller& controller, const PodIndex& pods, const std::string& node);

}  // namespace evenkeel::coordinator
