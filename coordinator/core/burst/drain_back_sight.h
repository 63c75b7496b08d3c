// What a drain-back sees of its workload, when it begins and while its surge stands.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/room.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

struct DrainBackPods {
  int64_t ready = 0;  // and not going; the same of all
  int64_t ready_on_real = 0;
  int64_t ready_on_virtual = 0;
  PodNeed need;  // the most that any of those on virtual nodes asks for
  std::vector<VictimCandidate> candidates;
};

// O(pods of the workload).
DrainBackPods DrainBackPodsOf(const Cluster& cluster, const Scaler& scaler);

// Whether its advice says something of the load now.
bool IsAdviceFresh(const Scaler& scaler, absl::Time now);

// Whether the load asks for more than `wanted`, while a surge stands. With its pods the same load is spread
// thinner, and outside of the tolerance within which it was before: that is no more load.
bool AsksForMore(const Scaler& scaler, int64_t wanted);

}  // namespace evenkeel::coordinator
