// The failover of a dead node, from the verdict to the hand-over to recovery.h.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// A round judged the node DEAD. Begins its failover if the guards allow; carries on the open one (L4, L8); or
// records, once per episode, that the mode is observe or that a guard refused.
void OnNodeDead(Turn& turn, Node& node);

// A sign of life: of its agent, or met by a witness. What an open failover has not handed out yet is not done
// any more. If no pod was touched, the taint goes and the decision is cancelled; else it stays open until the
// pods are back.
void OnNodeLives(Turn& turn, Node& node, const Evidence& sign);

// Goes on winding up a failover whose node lives: what was handed out and not answered is looked for in what
// Kubernetes shows, as soon as that can be relied on.
void WindUp(Turn& turn, OpenDecision& open);

// A pod is (still or newly) on the node: if it came after the plan of an open failover, it gets its action
// too, at once or, when they do not stop coming, after a growing pause.
void OnPodOnNode(Turn& turn, Node& node, const PodName& name, const PodFacts& pod);

// That pause is over: what is on the node now gets its action.
void OnLatePodsDue(Turn& turn, OpenDecision& open);

// All actions of the failover have ended.
void OnFailoverActed(Turn& turn, OpenDecision& open);

// The node object is gone or was replaced: its failover has lost its subject.
void EndFailover(Turn& turn, OpenDecision& open, const std::string& why);

// How long a verdict of death is acted on: what is to be handed out later than this waits until the node was
// judged again.
inline constexpr absl::Duration kVerdictHolds = absl::Seconds(2);
// L1: nothing more is handed out before that.
void JudgeAgain(Turn& turn, OpenDecision& open);

// L2, L8: what has not been done yet waits for a fresh verdict; `reason` is a clause.
void FreezeFailover(Turn& turn, OpenDecision& open, const std::string& reason);

// After a start: an open failover is not continued before its node was judged again.
void RestoreFailover(Turn& turn, OpenDecision& open);

// Closes and announces it.
void CloseFailover(Turn& turn, OpenDecision& open, DecisionState end, std::string outcome);

}  // namespace evenkeel::coordinator
