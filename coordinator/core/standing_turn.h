// Switches that wait for the loss of a cluster (switch/standing_switches.h) in the core's steps: what the
// core sees of the cluster and of those elsewhere who can be asked about it, and what they are asked.
#pragma once

#include <string>

#include "coordinator/core/switch/switch_spec.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Agents of other clusters that take turns in proving their ways to the cluster: no more than can do so
// within the time for which a proof holds.
inline constexpr size_t kMostOutside = 6;

// The policy of this name is new, has changed or is gone.
void UpdateStanding(Turn& turn, const std::string& policy);

// A look at the cluster whose loss the policy waits for.
void OnStandingDue(Turn& turn, const std::string& policy);

// Whether blue is lost is looked at for each switch under way, too, which goes by it
// (SwitchSpec.on_lost_blue): as a policy would that does nothing. From its beginning, or from a start of the
// coordinator, to its end.
void WatchBlue(Turn& turn, const SwitchSpec& spec);
void LeaveBlue(Turn& turn, const std::string& name);

// Something about the cluster's API or a node's silence has changed. O(policies for switches).
void LossLookSoon(Turn& turn, const std::string& cluster);

// An answer of a witness that belongs to no check of a node.
void OnOutsideProbe(Turn& turn, const ProbeAnswered& event);
void OnApiAnswered(Turn& turn, const ApiAnswered& event);

// In the first step after a start: all policies for switches are put in force.
void RestoreStanding(Turn& turn);

}  // namespace evenkeel::coordinator
