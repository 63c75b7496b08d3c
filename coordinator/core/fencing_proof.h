// L5: what is taken for a proof that a node runs nothing any more of what must not run twice, from whomever
// it comes: its agent's promise, the hook or an operator.
#pragma once

#include <string>

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// The node is judged DEAD, with a failover open or not: takes note of what its agent has promised, if the
// time for that has passed. Returns whether that is a new proof.
bool ProveFenced(Turn& turn, Node& node);

// The node is about to be judged DEAD, by this lease: no proof counts any more if it has lived meanwhile,
// whether we saw that or were not there. Nor does an agent's fence if the machine has booted since: a machine
// that lost its power, or that its watchdog has reset, left nothing behind that would keep its kubelet from
// starting the pods again.
void CheckProof(Turn& turn, Node& node, const LeaseFacts& lease);

// A pause after a failed try of the hook is over: it is asked again by a fresh verdict.
void OnHookDue(Turn& turn, Node& node);

// The action was handed out, or has come to an end: what of it the node's record must say.
void FencingActionReleased(Turn& turn, Node& node, const Action& action);
void FencingActionEnded(Turn& turn, const OpenDecision& open, Node& node, Action& action,
                        ActionOutcome outcome);

void OnConfirmFence(Turn& turn, const ConfirmFence& event);

// Adds evidence to the node's open failover, and to its episode of silence.
void NoteFencing(Turn& turn, Node& node, std::string source, std::string observation);
// The node is judged once more, from the start: no proof is acted on while somebody reaches it.
void JudgeFenceAgain(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
