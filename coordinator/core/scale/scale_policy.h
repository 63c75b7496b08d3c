// A `scale` policy with every default filled in. serve/ makes it of what an operator wrote and refuses what
// is out of range; see ScalePolicy in proto/evenkeel/v1/policy.proto for meanings, ranges and defaults.
#pragma once

#include <string>

#include "coordinator/core/policy_mode.h"
#include "coordinator/core/scale/advice.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

struct ScalePolicy {
  std::string cluster;
  Workload target;
  std::string version;  // of the target's API: "v1"
  PolicyMode mode = PolicyMode::kObserve;
  bool paused = false;  // looks on and says what it would do, and records nothing
  ScaleRules rules;
  bool operator==(const ScalePolicy&) const = default;
};

}  // namespace evenkeel::coordinator
