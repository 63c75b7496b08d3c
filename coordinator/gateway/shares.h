// Weights as percents. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace evenkeel::coordinator {

// Each backend's part of the sum, in whole percents that are 100 together: rounded down, and what is missing
// goes to the largest remainders, of equal ones to the first by name. All 0 where all weights are. Weights up
// to 2^40.
std::map<std::string, uint32_t> PercentsOf(const std::map<std::string, uint64_t>& weights);

}  // namespace evenkeel::coordinator
