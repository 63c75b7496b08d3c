// What is new in a decision that changed: the core tells whole decisions, logs and metrics count single
// steps.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

struct DecisionStep {
  bool opened = false;  // it is new
  bool closed = false;  // it has ended; a decision may open and close in one step
  std::vector<const Action*>
      finished;  // actions that are done, failed or skipped now; point into the decision
};

// Threading: one thread at a time. Memory: the numbers of ended actions, for the open decisions alone.
class DecisionTracker {
 public:
  // `open`: what the store held at the start; none of it is news.
  explicit DecisionTracker(const std::vector<Decision>& open);

  DecisionStep Track(const Decision& decision);

  size_t open() const { return finished_.size(); }

 private:
  std::map<DecisionId, std::set<uint32_t>> finished_;
};

}  // namespace evenkeel::coordinator
