// The rounds in which a silent node is checked: witnesses, API server and lease are asked at the same time,
// the answers judged when all are there or their time is up, and before death is pronounced the lease is read
// once more. Every round starts from nothing: only what was asked in it counts.
#pragma once

#include "coordinator/core/events.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Answers may be this much later than the witnesses' own time: the way there and back.
inline constexpr absl::Duration kAnswerAllowance = absl::Milliseconds(250);

// Starts a round, in place of one under way.
void StartRound(Turn& turn, Node& node);
// Ends it without judgement; answers that are still to come mean nothing.
void EndRound(Turn& turn, Node& node);

void OnProbeAnswered(Turn& turn, const ProbeAnswered& event);
void OnKubeletAnswered(Turn& turn, const KubeletAnswered& event);
void OnLeaseRead(Turn& turn, const LeaseRead& event);
void OnRoundDue(Turn& turn, Node& node);
void OnCheckDue(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
