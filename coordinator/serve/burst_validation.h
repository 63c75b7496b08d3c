// Burst policies as operators write them; see policy_validation.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "coordinator/core/policy.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// INVALID_ARGUMENT names the field, as "policy.burst.caps.cost", and its range.
absl::StatusOr<BurstPolicy> BurstFromMessage(const v1::BurstPolicy& message,
                                             const std::map<std::string, uint32_t>& clusters);

// With every default filled in.
v1::BurstPolicy ToMessage(const BurstPolicy& burst);

// An amount of money as "12.5", in millionths: 0 to 1000000, at most six decimals; empty: 0.
// INVALID_ARGUMENT names `field`.
absl::StatusOr<int64_t> MicrosFrom(absl::string_view field, absl::string_view amount);

// The same back, without needless zeros.
std::string AmountOf(int64_t micros);

// The caps as the API has them.
void Show(const BurstCaps& caps, v1::BurstCaps& message);

}  // namespace evenkeel::coordinator
