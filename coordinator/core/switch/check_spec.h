// What is wrong with a switch's YAML as such: ranges, contradictions, names that do not fit each other. What
// is wrong with the world is the preflight's (preflight.h).
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

struct SpecProblem {
  std::string field;  // as in the YAML: "steps[2].percent"
  std::string words;  // what is wrong and what would be right, without the field
  bool operator==(const SpecProblem&) const = default;
};

// All of them, in the order of the fields; none: it is valid.
std::vector<SpecProblem> CheckSpec(const SwitchSpec& spec);

}  // namespace evenkeel::coordinator
