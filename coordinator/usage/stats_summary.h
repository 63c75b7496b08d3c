// A kubelet's or virtual kubelet's GET /stats/summary: which containers of which pods have used how much CPU.
// Pure: bytes to structs.
//
// Format: Summary of k8s.io/kubelet/pkg/apis/stats/v1alpha1. Times are told in whole seconds. Of its two
// figures only the counter `usageCoreNanoSeconds` is read: `usageNanoCores` is a mean over a time that nobody
// tells, and virtual kubelets say 0 in it while they do not know yet, which would look like a load that has
// gone. For the same reason a counter of 0 is none: whatever runs has used something.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/usage/cpu_counters.h"

namespace evenkeel::coordinator {

// In the answer's order. One pod does not spoil another: a pod that cannot be told by uid or name is passed
// over, and so is the second of the same; a container without a name, a time or a counter that can be read
// makes its own pod not whole. INVALID_ARGUMENT: it is no summary; RESOURCE_EXHAUSTED: more than
// kMostPulledPods.
absl::StatusOr<std::vector<PodCounters>> ParseStatsSummary(absl::string_view text);

}  // namespace evenkeel::coordinator
