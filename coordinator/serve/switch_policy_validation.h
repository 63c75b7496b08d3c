// Policies for the loss of a cluster as operators write them; see policy_validation.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/core/switch/lost_cluster_policy.h"
#include "coordinator/core/switch/standing_record.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field, as "policy.switching.traffic.routes[0].gateway", and tells what is wrong.
// `name`: of the policy, and so of its switch.
absl::StatusOr<LostClusterPolicy> SwitchFromMessage(const std::string& name, const v1::SwitchPolicy& message,
                                                    const std::map<std::string, uint32_t>& clusters);

// With every default filled in, and without `watch`.
v1::SwitchPolicy ToMessage(const LostClusterPolicy& policy);

v1::SwitchWatch ToMessage(const StandingStatus& status);

}  // namespace evenkeel::coordinator
