// How much Evenkeel may take out of service, as a policy says it (L6).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// See the fields of these names of FailoverPolicy in proto/evenkeel/v1/policy.proto.
struct DisruptionLimits {
  std::optional<uint32_t> max_unavailable_nodes_per_domain;  // none = the cluster's max_unavailable_nodes
  uint32_t max_unavailable_percent_per_domain = 33;
  std::optional<uint32_t> max_disruptions;             // none = the larger of 5 and the node budget
  std::optional<uint32_t> max_disruptions_per_domain;  // none = as many as the cluster's
  absl::Duration disruption_window = absl::Minutes(5);
  uint32_t min_healthy_nodes = 1;
  uint32_t min_healthy_percent = 50;
  absl::Duration storm_cool_down = absl::Seconds(30);
  absl::Duration release_budget_after = absl::Minutes(10);
  bool operator==(const DisruptionLimits&) const = default;
};

}  // namespace evenkeel::coordinator
