// Policies as operators write them: checked, filled with their defaults, and shown with the defaults in
// force.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/policy.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// "policies/POLICY" to POLICY: lower-case letters, digits and "-", at most 63, beginning and ending with a
// letter or digit.
absl::StatusOr<std::string> PolicyNameFrom(absl::string_view field, absl::string_view name);

// What the core is told. INVALID_ARGUMENT names the field, as "policy.failover.witnesses", and its range;
// ranges and defaults are those of proto/evenkeel/v1/policy.proto. `etag` and the times are left empty: they
// are the core's to set. `clusters` holds the number of nodes of each cluster that is known. Any other is
// refused: it is most likely misspelt, and the policy would quietly do nothing.
absl::StatusOr<Policy> PolicyFromMessage(const v1::Policy& message,
                                         const std::map<std::string, uint32_t>& clusters);

// The cluster that a message's policy is for, of whatever kind; empty: it is of none.
std::string PolicyCluster(const v1::Policy& message);

// What operators are shown; where the policy leaves an interval to the coordinator, the one that is in force
// for a cluster of `nodes` nodes.
v1::Policy ToMessage(const Policy& policy, uint32_t nodes);

}  // namespace evenkeel::coordinator
