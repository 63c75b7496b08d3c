// One seed: a cluster and a policy, a time of faults, their end, and the time in which all must be well
// again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "tests/simulation/laws.h"
#include "tests/simulation/tormentor.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

// L11's time, for the policies of trials: a minute of Kubernetes' own (a node that it called unready),
// readmission after 5 s of being well, a recovery time-out of 60 s, and as much again for one that began
// late.
inline constexpr absl::Duration kConvergence = absl::Minutes(4);
// The same where something is scaled: its pods may all have to be seen again, and windows to run out.
inline constexpr absl::Duration kScaledConvergence = absl::Minutes(10);
// The same where there are virtual nodes: a provider that has failed three times is left alone for four
// minutes, and pods come home a few at a time.
inline constexpr absl::Duration kBurstConvergence = absl::Minutes(20);

struct TrialOptions {
  uint64_t seed = 1;
  uint32_t nodes = 0;                   // 0 = by the seed: few mostly, 500 or more in one of a hundred
  Observer* also = nullptr;             // watches, too
  std::function<void(World&)> prepare;  // called before anything happens
};

struct TrialResult {
  uint64_t seed = 0;
  size_t nodes = 0;
  std::vector<std::string> violations;
  uint64_t trace = 0;
  Marks marks;
  absl::Duration simulated;
  absl::Duration converged;  // after the faults' end
  uint64_t happenings = 0;
};

TrialResult RunTrial(const TrialOptions& options);

}  // namespace evenkeel::simulation
