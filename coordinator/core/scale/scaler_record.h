// What is remembered of a scaler across restarts: no window, rate or panic is forgotten.
//
// Durable with each decision's batch, when a panic begins or ends, when more is wanted than is there (or will
// be when fewer are on their way) and than was when it was last written, and else at most kRecordEvery after
// the look that changed it. What a crash takes away are then the last recommendations only, none of them
// above both the replicas that are there and what was wanted when it was written; so what is restored begins
// with NoteHeld of the larger of both, at the latest time that it can be of, kLookEvery and kRecordEvery
// after `written`: that can make a window of scaling in longer by as much, and never shorter.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/scale/advice.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

inline constexpr absl::Duration kRecordEvery = absl::Seconds(15);

struct ScalerRecord {
  std::string policy;  // the scaler's name: one scaler a policy
  std::string cluster;
  Workload target;
  std::string uid;  // of the target that the memory is of; another one begins anew. Empty: not seen yet
  ScaleMemory memory;
  absl::Time written = absl::InfinitePast();  // the last time that it was made durable
  std::optional<DecisionId> last_scaled;      // the last decision that changed it
  bool operator==(const ScalerRecord&) const = default;
};

}  // namespace evenkeel::coordinator
