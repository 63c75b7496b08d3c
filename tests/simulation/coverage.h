// Which marks a suite must have hit to mean something, and the table of what it did.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/marks.h"

namespace evenkeel::simulation {

// Every fault that there is, every guard, every kind of decision that a trial can lead to; of switches, see
// ExpectedSwitchMarks.
std::vector<std::string> ExpectedMarks();

std::vector<std::string> MissedMarks(const std::vector<std::string>& expected, const Marks& marks);

// A markdown table: mark, times.
std::string CoverageTable(const std::vector<std::string>& expected, const Marks& marks);

}  // namespace evenkeel::simulation
