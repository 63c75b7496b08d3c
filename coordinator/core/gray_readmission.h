// A node that was tainted for its sickness, and stays well, may have new pods again: that taint goes.
#pragma once

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Call when anything of this may have changed: the node has our taint for its sickness, its agent speaks and
// finds nothing, Kubernetes shows it Ready. A break of any of them starts the time again.
void UpdateGrayWell(Turn& turn, Node& node);

void OnGrayReadmissionDue(Turn& turn, Node& node);
void OnGrayReadmissionActed(Turn& turn, OpenDecision& open);
void RetryGrayReadmission(Turn& turn, OpenDecision& open);

// The node carries that taint, but no record of ours says why (L11).
void AdoptGrayTaint(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
