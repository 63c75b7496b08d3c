// How a pod's containers have died, out of what its agent tells of them. Pure.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_deaths.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

// `last->at` is by the node's clock; InfinitePast: not known. It is the same in each report of the same
// death.
//
// An init container that has done its work has not died: one that ended with code 0 before another of its pod
// was started. (While the last of them has ended and nothing else has begun yet it looks like a death; then
// Kubernetes calls the pod Pending, and nobody goes by this.)
PodDeaths DeathsFrom(const v1::PodReport& pod);

// The same by our clock: what the report of `node_time` says, received at `received`.
absl::Time ByOurClock(absl::Time at, absl::Time node_time, absl::Time received);

}  // namespace evenkeel::coordinator
