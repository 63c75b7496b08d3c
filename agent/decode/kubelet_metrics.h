#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The kubelet's GET /metrics/resource in the Prometheus text format. The kubelet takes its samples only every
// 10 to 15 seconds and stamps each with the time it was taken; where control groups can be read they are the
// better source.
namespace evenkeel::agent {

struct ContainerResourceSample {
  std::string pod_namespace;
  std::string pod;
  std::string container;
  std::optional<absl::Duration> cpu_total;  // CPU time used since the container started
  std::optional<absl::Time> cpu_time;       // when `cpu_total` was taken
  std::optional<uint64_t> working_set_bytes;
};

// Samples of containers, sorted by namespace, pod and container; families that are not known and lines that
// do not parse are passed over, as that format asks of its readers. InvalidArgument when no line of `text` is
// a sample of the format; ResourceExhausted when it is over 4 MiB or tells of more than 8,192 containers.
absl::StatusOr<std::vector<ContainerResourceSample>> DecodeResourceMetrics(std::string_view text);

// When the kubelet's PLEG began its last look at the containers, from the kubelet's GET /metrics in the same
// format; a whole second of the node's wall clock. Nothing when the kubelet does not tell, or tells no time.
std::optional<absl::Time> DecodePlegLastSeen(std::string_view text);

// The checks that failed, from the body of the kubelet's GET /healthz ("[-]syncloop failed: reason
// withheld"), at most eight, joined by ", "; empty when it names none.
std::string DecodeFailedChecks(std::string_view text);

}  // namespace evenkeel::agent
