// Shapes of routes: what is wrong with one. Pure.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "coordinator/core/switch/gateway_facts.h"

namespace evenkeel::coordinator {

// Bounds that every kind of gateway can keep.
inline constexpr size_t kMostBackends = 16;
inline constexpr size_t kLongestBackendName = 253;

// INVALID_ARGUMENT with the reason unless the shape can be wished: one backend or more with names of letters,
// digits, '-', '_', '.', ':' and '/'; percents that are 100 together; a percent above 0 only in kServing; a
// canary rule that names one of the backends that serve.
absl::Status CheckShape(const RouteShape& shape);

// The same, and what a kind with these abilities cannot give.
absl::Status CheckShape(const RouteShape& shape, const GatewayAbilities& abilities);

}  // namespace evenkeel::coordinator
