// A sudden rise. In a panic the scaler goes by the last seconds and never takes a pod away.
//
// Source: the autoscaler of Knative Serving (pkg/autoscaler/scaling/autoscaler.go; knative.dev/docs/serving/
// autoscaling/kpa-specific): two windows; the panic begins when the short one shows `threshold` times the
// target, lasts until a whole long window has passed since it last did, and holds the most that was wanted.
// Knative measures requests, over 60 s and 6 s, against 200 %. CPU once a second allows a shorter window; and
// CPU ends where a container's limit is: of pods whose limit is their request, a target of 50 % is never left
// behind by 200 %, so less must do.
//
// Of our own: throttling. A container at its CPU limit cannot show a ratio over limit / request, however many
// requests wait for it; so where pods are throttled, any demand above the tolerance is a panic. And the same
// where a pod is down: its load is on the others, and what has brought it down may bring them down next.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "coordinator/core/scale/demand.h"

namespace evenkeel::coordinator {

struct PanicRules {
  bool enabled = true;
  absl::Duration window = absl::Seconds(2);          // of CPU; at least 1 s
  int64_t threshold_percent = 150;                   // of the target; more than 100
  absl::Duration stable_window = absl::Seconds(60);  // of calm before it ends
  int64_t throttled_percent =
      25;  // of the scheduling periods, the mean of the pods that are seen; over 100: never
  bool operator==(const PanicRules&) const = default;
};

// Durable: a restart must not forget a panic.
struct Panic {
  absl::Time began;
  absl::Time last;    // when it was last called for
  int64_t floor = 0;  // replicas: the most that was wanted, or were there, since it began
  bool operator==(const Panic&) const = default;
};

enum class PanicCause { kNone, kLoad, kThrottling, kDeath };

// What of the last seconds calls for a panic. `demand` is of the short window. `throttled_percent`: none: not
// known.
PanicCause PanicCauseOf(const PanicRules& rules, const Demand& demand,
                        std::optional<int64_t> throttled_percent);

// Begins, prolongs or ends a panic. Where nothing can be seen (`seen` false) it goes on: what ended it would
// be that nothing was seen.
void UpdatePanic(std::optional<Panic>& panic, const PanicRules& rules, PanicCause cause, bool seen,
                 int64_t current, absl::Time now);

// What is wanted in a panic: the larger of both windows' demands, and never less than before. Raises the
// floor.
int64_t WantedInPanic(Panic& panic, int64_t stable, int64_t sudden);

}  // namespace evenkeel::coordinator
