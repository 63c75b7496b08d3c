#include "coordinator/core/switch/error_rate.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::coordinator {
namespace {

constexpr double kZ = 3.0;
constexpr double kMille = 1000.0;

}  // namespace

double SurelyBadPermille(uint64_t bad, uint64_t all) {
  if (all == 0) return 0;
  const auto n = static_cast<double>(all);
  const double p = static_cast<double>(std::min(bad, all)) / n;
  const double middle = p + kZ * kZ / (2 * n);
  // The root of what is never negative: correctly rounded on every machine, so the same everywhere (L12).
  const double spread = kZ * std::sqrt(p * (1 - p) / n + kZ * kZ / (4 * n * n));
  return std::max(0.0, (middle - spread) / (1 + kZ * kZ / n)) * kMille;
}

double BadPermille(uint64_t bad, uint64_t all) {
  return all == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(all) * kMille;
}

}  // namespace evenkeel::coordinator
