// Switches that wait for the loss of a cluster (switch/standing_switches.h) in the core's steps: what the
// core sees of the cluster and of those elsewhere who can be asked about it, and what they are asked.
#pragma once

#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Agents of other clusters that take turns in proving their ways to the cluster: no more than can do so
// within the time for which a proof holds.
inline constexpr size_t kMostOutside = 6;

// The policy of this name is new, has changed or is gone.
void UpdateStanding(Turn& turn, const std::string& policy);

// A look at the cluster whose loss the policy waits for.
void OnStandingDue(Turn& turn, const std::string& policy);

// Something about the cluster's API or a node's silence has changed. O(policies for switches).
void LossLookSoon(Turn& turn, const std::string& cluster);

// An answer of a witness that belongs to no check of a node.
void OnOutsideProbe(Turn& turn, const ProbeAnswered& event);
void OnApiAnswered(Turn& turn, const ApiAnswered& event);

// In the first step after a start: all policies for switches are put in force.
void RestoreStanding(Turn& turn);

}  // namespace evenkeel::coordinator
