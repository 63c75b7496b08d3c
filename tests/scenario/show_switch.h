// What is shown of a switch, as lines that an operator can read: what golden files hold.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::scenario {

// As of `now`: where it stands, what it waits for, its gates, and each step with what it has cost so far.
std::string ShowSwitch(const coordinator::SwitchStatus& status, absl::Time now);

// "moving, step 2 of 3 (50 % to green)".
std::string WhereItStands(const coordinator::SwitchRecord& record);

// A preflight's, one a line.
std::string ShowFindings(const std::vector<coordinator::Finding>& findings,
                         const std::vector<coordinator::Forecast>& forecasts);

}  // namespace evenkeel::scenario
