// Writes what the core decides into the log: the story of a failover can be read there when nothing else is
// left.
#pragma once

#include <vector>

#include "coordinator/core/effects.h"
#include "coordinator/serve/decision_tracker.h"

namespace evenkeel::coordinator {

// Threading: one thread at a time (the runtime's loop).
class NoticeLog {
 public:
  explicit NoticeLog(const std::vector<Decision>& open) : tracker_(open) {}

  void OnNotice(const Notice& notice);

 private:
  void OnDecision(const Decision& decision);

  DecisionTracker tracker_;
};

}  // namespace evenkeel::coordinator
