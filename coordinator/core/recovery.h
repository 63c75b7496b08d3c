// After the pods were taken off: waits until their replacements are Ready elsewhere.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Every action has ended; from now on the workloads' pods are watched, for at most the policy's
// recovery_timeout.
void EnterRecovery(Turn& turn, OpenDecision& open);

// Counts the Ready pods again; closes the decision when all are back.
void Recount(Turn& turn, OpenDecision& open);

void OnRecoveryTimeout(Turn& turn, OpenDecision& open);

// "Replacements Ready: 3 of 4; ReplicaSet web-1 waits (shop/web-1-x: 0/2 nodes are available)".
std::string RecoveryText(const Decision& decision);

}  // namespace evenkeel::coordinator
