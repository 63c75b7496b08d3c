// A failed-over node that is back, and stays well, gets pods again: our taint goes.
#pragma once

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Call when anything of this may have changed: the node is failed over, its agent speaks and finds nothing
// sick, Kubernetes shows it Ready. A break of any of them starts the time again, so that a node that flaps is
// not readmitted before it is stable.
void UpdateWell(Turn& turn, Node& node);

// It has been well for as long as the policy asks. Readmission ends what an enforced failover began, so it
// does not ask the guard `mode`.
void OnReadmissionDue(Turn& turn, Node& node);

void OnReadmissionActed(Turn& turn, OpenDecision& open);
void RetryReadmission(Turn& turn, OpenDecision& open);

}  // namespace evenkeel::coordinator
