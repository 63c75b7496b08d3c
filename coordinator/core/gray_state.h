// What is known of the care for a sick node beyond its durable decision.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/facts.h"

namespace evenkeel::coordinator {

struct GrayLadder {
  // The eviction that was handed out last.
  uint32_t eviction = 0;  // its action's number; 0 = none, or what follows from it is done
  std::string name_space;
  Controller controller;
  size_t ready_before = 0;  // Ready pods of that controller on other nodes
  // Evictions that nobody answered, by their actions' numbers: each may have been done.
  std::set<uint32_t> unanswered;
  // Whose replacement is awaited before the next pod is disturbed: a controller's uid; empty = nobody's.
  std::string awaited;
  absl::Time patience;  // until then
  // Workloads whose last replacement did not become Ready in time, with the number of Ready pods on other
  // nodes that ends this.
  std::map<std::string, size_t> stuck;
  // The guard that holds it now, and that holds its drain, which was said; empty = none.
  std::string held_by;
  std::string drain_held_by;
};

}  // namespace evenkeel::coordinator
