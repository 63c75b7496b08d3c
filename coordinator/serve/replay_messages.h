// Replays as messages of the API (proto/evenkeel/v1/replay.proto).
#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/replay/replay.h"
#include "evenkeel/v1/replay.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field. The request's policy is left out: see PolicyFromMessage.
absl::StatusOr<ReplayQuestion> QuestionFromMessage(const v1::ReplayRequest& request);

// The question ends at `told`, when the core was last told something, at the latest; so a log that ends
// before that is known to be short.
void EndAt(absl::Time told, v1::ReplayRequest& request);

v1::DecisionComparison ToMessage(const ReplayedDecision& decision, bool verifying);
v1::ReplaySummary Summary(const ReplayResult& result);

}  // namespace evenkeel::coordinator
