#include "coordinator/core/scale/panic.h"

#include <algorithm>

namespace evenkeel::coordinator {

PanicCause PanicCauseOf(const PanicRules& rules, const Demand& demand,
                        std::optional<int64_t> throttled_percent) {
  if (!rules.enabled || demand.counted == 0) return PanicCause::kNone;
  const auto counted = static_cast<int64_t>(demand.counted);
  // By the ratio of the pods that count, not by `replicas`: pods that are starting have answered nothing yet,
  // and their number must not talk a panic down.
  if (demand.ratio * 100 >= static_cast<double>(rules.threshold_percent)) return PanicCause::kLoad;
  const bool above = demand.finding == DemandFinding::kAbove && demand.replicas > counted;
  if (!above) return PanicCause::kNone;
  if (throttled_percent.value_or(0) >= rules.throttled_percent) return PanicCause::kThrottling;
  return demand.down > 0 ? PanicCause::kDeath : PanicCause::kNone;
}

void UpdatePanic(std::optional<Panic>& panic, const PanicRules& rules, PanicCause cause, bool seen,
                 int64_t current, absl::Time now) {
  if (!rules.enabled) {
    panic.reset();
  } else if (cause != PanicCause::kNone) {
    if (!panic) panic = Panic{.began = now, .last = now, .floor = current};
    panic->last = now;
  } else if (panic && seen && panic->last + rules.stable_window < now) {
    panic.reset();
  }
}

int64_t WantedInPanic(Panic& panic, int64_t stable, int64_t sudden) {
  panic.floor = std::max({panic.floor, stable, sudden});
  return panic.floor;
}

}  // namespace evenkeel::coordinator
