// Drain-backs of all workloads: how they go on and end, and what is left of them after a crash. When one
// begins is in drain_back_begin.h, the rules are in drain_back.h. A drain-back is a decision on a workload:
// while it is open nothing else is (L3), and the scaler sees the workload as if its surge were not there
// (Scaler::surge).
//
// All that is to be known of it is in its actions: the surge, then the evictions, then the return to what is
// wanted. So it can be resumed or undone from any of them (L4).
#pragma once

#include <optional>
#include <string>

#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {

// Those of the cluster that are open go on, and new ones begin where they may. `again`: lowered to when time
// alone may change something. O(pods of workloads that have pods on virtual nodes).
void ReviewDrainBacks(Turn& turn, Cluster& cluster, absl::Time& again);

// All actions so far have ended.
void OnDrainBackActed(Turn& turn, OpenDecision& open);

// A pause before something is asked again is over, or what kept it waiting is.
void CarryOnDrainBack(Turn& turn, OpenDecision& open);

// The workload was observed while its decision is open.
void SeeDrainBack(Turn& turn, Scaler& scaler, OpenDecision& open);

// The workload is not there any more, or cannot be read (`reason`), so nobody tells how many pods of it are
// Ready: it ends as it stands, and those of other workloads may begin.
void LoseDrainBack(Turn& turn, OpenDecision& open, const std::string& reason);

// Nobody wants it any more: its surge is taken back, or is not begun. `why`: a clause.
void UndoDrainBack(Turn& turn, OpenDecision& open, const std::string& why);

// Its scaler goes, or has gone while the process was down: nobody tells of its workload any more. Its surge
// is taken back, and what waited to be seen after a start waits no more (L11). `why`: a clause.
void LeaveDrainBack(Turn& turn, OpenDecision& open, const std::string& why);

// After a start (L4): it waits until its workload is seen.
void RestoreDrainBack(Cluster& cluster, OpenDecision& open);

// The surge of an open drain-back; none: there is none, or it is not begun.
std::optional<Surge> SurgeOf(const Decision& decision);

}  // namespace evenkeel::coordinator
