// How sure a verdict is. Not a probability, which nobody could check, but a count of the independent proofs
// that agree.
//
// Death: four proofs can agree besides the silence itself. Witnesses of one failure domain, and of a second
// one: networks fail by domain. The API server, which cannot reach the kubelet either: another way through
// the network, used by another program. The lease, which has not been renewed: a way in the other direction.
// All four: HIGH; three: MEDIUM; two, the least that death needs: LOW.
//
// Life is proven by a single answer. HEALTHY, PARTITIONED and AGENT_LOST are HIGH, but AGENT_LOST after a
// mere goodbye is MEDIUM until somebody has met life. SUSPECT is LOW: nothing is proven yet. GRAY is MEDIUM:
// the node says it of itself.
#pragma once

#include <cstddef>
#include <string>

#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

// What agrees that a node is dead.
struct ProofsOfDeath {
  size_t domains = 0;  // failure domains whose witnesses cannot reach it
  bool api_server = false;
  bool lease = false;
};

Confidence ConfidenceOf(const ProofsOfDeath& proofs);

// "3 of 4 independent proofs agree: witnesses of 1 failure domain, the API server and its lease".
std::string Say(const ProofsOfDeath& proofs);

// Of a verdict that rests on what it usually rests on; for DEAD, which never does: LOW.
Confidence UsualConfidence(Verdict verdict);

}  // namespace evenkeel::coordinator
