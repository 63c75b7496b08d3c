// What is remembered of a cluster across restarts, beside its nodes.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_record.h"
#include "coordinator/core/operator_orders.h"

namespace evenkeel::coordinator {

struct ClusterRecord {
  std::string cluster;
  std::optional<Pause> pause;
  // Until when the budget of disruptions per time is booked out (budgets.h): of the cluster, and of each
  // failure domain in which anything is booked still.
  absl::Time booked_until = absl::InfinitePast();
  std::map<std::string, absl::Time> domain_booked_until;
  // The last moment at which too many nodes were silent at once; InfinitePast: never.
  absl::Time storm = absl::InfinitePast();
  std::string storm_reason;  // a clause
  BurstRecord burst;
  bool operator==(const ClusterRecord&) const = default;
};

}  // namespace evenkeel::coordinator
