// Failover policies as operators write them; see policy_validation.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/core/policy.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field, as "policy.failover.witnesses", and its range.
absl::StatusOr<FailoverPolicy> FailoverFromMessage(const v1::FailoverPolicy& message,
                                                   const std::map<std::string, uint32_t>& clusters);

v1::FailoverPolicy ToMessage(const FailoverPolicy& failover, uint32_t nodes);

}  // namespace evenkeel::coordinator
