#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evenkeel/v1/decision.pb.h"
#include "evenkeel/v1/fleet.pb.h"
#include "evenkeel/v1/maintenance.pb.h"
#include "evenkeel/v1/policy.pb.h"

// All that is known of one resource, for people, as `kubectl describe` has it. Ages are counted to `now`.
namespace evenkeel::cli {

std::string Describe(const v1::Cluster& cluster, absl::Time now);
// `pods` are those that are bound to the node.
std::string Describe(const v1::Node& node, const std::vector<v1::Pod>& pods, absl::Time now);
std::string Describe(const v1::Pod& pod, absl::Time now);
std::string Describe(const v1::Container& container, absl::Time now);
std::string Describe(const v1::Decision& decision, absl::Time now);
std::string Describe(const v1::Policy& policy, absl::Time now);
std::string Describe(const v1::Maintenance& maintenance, absl::Time now);

}  // namespace evenkeel::cli
