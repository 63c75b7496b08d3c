// Scale policies as operators write them; see policy_validation.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "coordinator/core/policy.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field, as "policy.scale.scale_up.rates[1].period", and its range.
absl::StatusOr<ScalePolicy> ScaleFromMessage(const v1::ScalePolicy& message,
                                             const std::map<std::string, uint32_t>& clusters);

// With every default filled in. What the core can hold and the message cannot (a tolerance of half a percent)
// does not come from a message.
v1::ScalePolicy ToMessage(const ScalePolicy& scale);

}  // namespace evenkeel::coordinator
