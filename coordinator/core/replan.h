// How the actions of an open failover are brought into line with what is true now.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/plan_failover.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

bool AllEnded(const Decision& decision);
uint32_t LastStage(const Decision& decision);  // 0: it has no actions

// But for taints that Kubernetes shows on the node already.
std::vector<Action> WithoutTaintsThere(std::vector<Action> actions, const NodeFacts& node);

// Puts `plan` in place of what is still to be done. What has ended stays; what was handed out without an
// answer is found to be done, or is to be done again; what is not needed any more is skipped. Stages go on
// after those that have ended.
void Replan(Decision& decision, const FailoverPlan& plan, const NodeFacts& node, const PodIndex& pods);

// Ends what is still to be done to a node that lives, but for its untaint: as done if it was handed out
// before and its effect is there, else as skipped. While the facts are not `fresh`, what was handed out
// before waits for them. Pods that stay where they are no longer count as taken off.
void SkipPending(Decision& decision, const std::string& why, bool fresh, const NodeFacts& node,
                 const PodIndex& pods);

}  // namespace evenkeel::coordinator
