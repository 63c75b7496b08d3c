// Kubernetes' quantities: "250m", "1.5", "128Mi", "1e3", "1G".
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// The quantity in thousandths, rounded up as Kubernetes does; nothing when it is none, or beyond int64. The
// suffixes are those of Kubernetes: n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei and the exponents e and
// E. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
std::optional<int64_t> ParseMilli(absl::string_view quantity);

// The same in whole units.
std::optional<int64_t> ParseWhole(absl::string_view quantity);

}  // namespace evenkeel::coordinator
