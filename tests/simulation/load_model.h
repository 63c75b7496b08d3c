// Load on workloads: what all pods of one together would use if they could, and what each uses then. Pure
// functions of the time and a seed (L12).
//
// The Ready pods share the load evenly. One that cannot carry its share (its limit) uses the limit and is
// throttled; what is left over waits for nobody. A pod that starts uses `start_up_millicores` until it is
// Ready.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::simulation {

enum class LoadCurve {
  kStep,   // base, from `from` on peak, after `length` base again
  kSpike,  // a step that is `length` long, again and again, every `period`
  kSaw,    // rises from base to peak within `period`, and falls at once
  kDaily,  // from base to peak and back within `period`, smoothly
};

struct Load {
  LoadCurve curve = LoadCurve::kStep;
  int64_t base_millicores = 0;
  int64_t peak_millicores = 0;
  absl::Time from;
  absl::Duration length = absl::InfiniteDuration();
  absl::Duration period = absl::Minutes(10);
  uint32_t noise_percent = 0;  // each second's load is off by up to so much, either way
  uint64_t seed = 0;           // of the noise
  // Of each pod.
  int64_t limit_millicores = 0;     // 0: none
  int64_t start_up_millicores = 0;  // what it uses until it is Ready
};

// What all pods together are asked for at `now`, in millicores.
int64_t LoadAt(const Load& load, absl::Time now);

struct PodUse {
  int64_t millicores = 0;
  uint32_t throttled_percent = 0;  // the part of what it is asked for that it cannot do
};
// Of one of `ready` Ready pods; `limit` in millicores, 0: none.
PodUse UseOf(int64_t load_millicores, uint32_t ready, int64_t limit);

}  // namespace evenkeel::simulation
