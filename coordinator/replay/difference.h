// In what two decisions differ: one that was taken, and what the same core made of the same evidence under
// another policy (or another version).
//
// Ids and the policy's name and etag are left out: they differ without meaning anything.
#pragma once

#include <string>
#include <vector>

#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

struct Difference {
  std::string
      field;  // "state", "guards.node-budget", "actions", "timings.judged": as in evenkeel.v1.Decision
  std::string recorded;  // its value then, in words
  std::string replayed;  // its value now
  std::string
      sentence;  // "it would have been refused instead of succeeded"; empty: says no more than the two
  bool operator==(const Difference&) const = default;
};

// Most telling first; empty: they are the same, bit for bit but for what is left out.
std::vector<Difference> Differences(const Decision& recorded, const Decision& replayed);

// " from 2 to 6" for a change of replicas, " as blue 90%, green 10%" for a route, and nothing for other
// actions: with other numbers it is another change.
std::string NumbersOf(const Action& action);

}  // namespace evenkeel::coordinator
