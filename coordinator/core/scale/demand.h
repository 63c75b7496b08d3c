// How many pods the load asks for: the arithmetic of the HPA v2, by itself. No limits, no rates, no windows
// (behaviour.h), no state.
//
// Source: GetResourceReplicas and GetRawResourceReplicas of the HPA controller (kubernetes,
// pkg/controller/podautoscaler/replica_calculator.go and metrics/utilization.go), as of 1.33, where each
// direction has a tolerance of its own. With the rules of kHpa the results are equal, to the rounding: the
// same steps in the same double-precision arithmetic. Where Evenkeel's own rules differ, and why:
// DIFFERENCES.md beside this file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_groups.h"
#include "coordinator/core/scale/pod_load.h"

namespace evenkeel::coordinator {

// What a pod should use on average.
struct CpuTarget {
  enum class Kind { kPercentOfRequest, kMillicores };
  Kind kind = Kind::kPercentOfRequest;
  int64_t value = 80;  // percent (HPA's default) or millicores; more than 0
  bool operator==(const CpuTarget&) const = default;
};

// Ratios of use to target from 1 - down to 1 + up change nothing.
struct Tolerance {
  double up = 0.1;    // HPA's default, --horizontal-pod-autoscaler-tolerance
  double down = 0.1;  // the same; less than 1
  bool operator==(const Tolerance&) const = default;
};

// What is done about pods that do not show what they use.
enum class DemandRules {
  // Missing ones use nothing when that speaks against more pods, and all (max(100, target) % of their
  // request,
  // or exactly the target in millicores) when that speaks against fewer. Unready ones use nothing when that
  // speaks against more pods. A held sample is none.
  kHpa,
  // Missing ones use what the pods that are seen use on average; those that are too young for a sample are
  // unready. Unready ones as above, but broken ones are made up for, by no more pods than are seen to be
  // well. Those that are down are broken whatever their samples say; when fewer pods may be enough they use
  // what the others use on average, so that no pod is taken away because another has died.
  // A held sample counts like any other.
  kEvenkeel,
};

enum class DemandFinding {
  kNoPods,           // the workload has none
  kNoRequest,        // a percentage of nothing: some pod has a container without a CPU request
  kNoSamples,        // no pod's CPU counts
  kWithinTolerance,  // nothing to do
  kAbove,            // more pods are needed
  kBelow,            // fewer are enough
  kStarting,         // above, but the pods that are not ready yet may be enough
  kUnseen,           // the pods that are not seen may turn the answer (only by kHpa)
  kUnsettled,        // there are not yet as many pods as the workload was told to have (only by kEvenkeel)
};

struct Demand {
  DemandFinding finding = DemandFinding::kNoPods;
  // What is wanted; `current` whenever the finding is none of kAbove and kBelow.
  int64_t replicas = 0;
  // Of the pods whose CPU counts, against the target: percent of their requests rounded down, or their mean
  // in millicores rounded down. None: none counts.
  std::optional<int64_t> use;
  double ratio = 0;       // of use to target, of the pods that count
  double full_ratio = 0;  // the same with those that do not, as the rules have it
  // The pods by group; `held` of those that are counted; `broken` of those that are unready; `down` of those
  // that are broken.
  size_t counted = 0;
  size_t unready = 0;
  size_t missing = 0;
  size_t left = 0;
  size_t held = 0;
  size_t broken = 0;
  size_t down = 0;
  bool operator==(const Demand&) const = default;
};

// `current`: the workload's spec.replicas. The order of `pods` does not matter.
Demand DemandOf(const std::vector<PodLoad>& pods, int64_t current, const CpuTarget& target,
                const Tolerance& tolerance, const StartUp& start_up, DemandRules rules, absl::Time now);

}  // namespace evenkeel::coordinator
