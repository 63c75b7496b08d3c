// The care for a node that is GRAY, in one open decision: rung by rung as the policy allows, until the node
// is well, dies, or its time is up.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// The node has just been judged GRAY, or still is: begins its care if the guards allow, goes on with what is
// open (L4), or records, once per episode, that it is only observed or that a guard refused.
void OnNodeGray(Turn& turn, Node& node, const std::vector<Symptom>& symptoms);

// Nothing counts any more: what was not handed out is not done, and the decision ends.
void OnNodeWell(Turn& turn, Node& node);

// The node is silent: nothing more is done before it was judged GRAY again.
void HoldLadder(Turn& turn, Node& node);

// Goes on as far as it can now. Called whenever an action has ended, and each second.
void ContinueLadder(Turn& turn, OpenDecision& open);

// Its time is up: ends the decision and calls for people. While an operator's order holds the ladder, its
// time does not run.
void Escalate(Turn& turn, OpenDecision& open);

// The node has no use for its care any more: it is dead, or its object is gone.
void EndLadder(Turn& turn, OpenDecision& open, DecisionState end, const std::string& why);

// After a start: what was handed out is done again, once the node was judged GRAY again (L4).
void RestoreLadder(Turn& turn, OpenDecision& open);

// Sets the time after which it calls for people: the policy's, from the verdict on, or from the end of the
// pause or maintenance that holds it; after a start no sooner than the node can have been judged again.
void TimeLadder(Turn& turn, OpenDecision& open);

// The brake for mass sickness (L2): no more nodes may be GRAY at once than may be unavailable. A fault that
// many share, an upgrade or our own reading, is likelier than so many sick nodes.
GuardAnswer MassSickness(const Cluster& cluster);

}  // namespace evenkeel::coordinator
