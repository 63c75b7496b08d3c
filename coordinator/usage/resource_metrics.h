// A kubelet's or virtual kubelet's GET /metrics/resource in the Prometheus text format: which containers of
// which pods have used how much CPU. Pure: bytes to structs.
//
// Read is the family container_cpu_usage_seconds_total, with the labels `namespace`, `pod` and `container`
// and the time in milliseconds at which each was taken. It names no uids.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/usage/cpu_counters.h"

namespace evenkeel::coordinator {

// By namespace and name, each pod once. One line does not spoil another: of that family, a line whose number
// or time cannot be read, or that has no time, makes the pod that it names not whole; all else that is not
// understood is passed over, as the format asks of its readers. INVALID_ARGUMENT: there is
// text, and none of it of the format; RESOURCE_EXHAUSTED: more than kMostPulledPods.
absl::StatusOr<std::vector<PodCounters>> ParseResourceMetrics(absl::string_view text);

}  // namespace evenkeel::coordinator
