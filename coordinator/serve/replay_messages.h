// Replays as messages of the API (proto/evenkeel/v1/replay.proto).
#pragma once

#include "absl/status/statusor.h"
#include "coordinator/replay/replay.h"
#include "evenkeel/v1/replay.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field. The request's policy is left out: see PolicyFromMessage.
absl::StatusOr<ReplayQuestion> QuestionFromMessage(const v1::ReplayRequest& request);

v1::DecisionComparison ToMessage(const ReplayedDecision& decision, bool verifying);
v1::ReplaySummary Summary(const ReplayResult& result);

}  // namespace evenkeel::coordinator
