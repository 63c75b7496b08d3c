// One seed of switches: two clusters, gateways with users, switches there and back, a time of faults, their
// end, and the time in which every switch must come to its end.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/trial.h"

namespace evenkeel::simulation {

// L11's time after the faults' end: patience, soaks and drains of what is under way, with people who answer
// whatever it asks for, and give it up after half of it.
inline constexpr absl::Duration kSwitchConvergence = absl::Minutes(8);

// `nodes` of the options is not heeded.
TrialResult RunSwitchTrial(const TrialOptions& options);

// What a suite of such trials must have come by.
std::vector<std::string> ExpectedSwitchMarks();

}  // namespace evenkeel::simulation
