// What is believed of a node, and the two ways in which that changes from the outside: it falls silent, or it
// speaks again.
#pragma once

#include <optional>
#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// `confidence` none: as usual for such a verdict (UsualConfidence).
void SetVerdict(Turn& turn, Node& node, Verdict verdict, std::string reason,
                std::optional<Confidence> confidence = std::nullopt);

// Begins an episode of silence. Without a goodbye the node is SUSPECT and checked at once; with one it is
// AGENT_LOST, and checked a second later. A node that Kubernetes does not show is not judged.
void FallSilent(Turn& turn, Node& node, Silence silence);

// L1: ends the episode, if there is one; a sign of life needs no second witness. `how` says what was heard.
void SpeakAgain(Turn& turn, Node& node, const std::string& how);

// Keeps the list of possible witnesses: nodes whose session lives and is not overdue.
void UpdateWitness(Turn& turn, Node& node);

// Kubernetes shows the node and an agent has spoken for it: its silence means something.
bool TakesPart(const Node& node);

}  // namespace evenkeel::coordinator
