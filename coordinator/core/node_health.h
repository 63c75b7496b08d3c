// What agents say of their nodes' machinery, and the verdict GRAY.
#pragma once

#include "coordinator/core/health.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

void OnNodeHealthChanged(Turn& turn, const NodeHealthChanged& event);

// Judges the node's symptoms again; call when the time for it has come, when the node speaks again, and when
// the policy has changed. Nothing is judged of a node that is silent, or whose agent has not reported in this
// session: old reports say nothing (L1).
void ReviewHealth(Turn& turn, Node& node);

// The node is silent, or its session is a new one.
void HealthUnknown(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
