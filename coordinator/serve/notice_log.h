// Writes what the core decides into the log: the story of a failover can be read there when nothing else is
// left.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
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
  void OnDomainSight(const DomainSightChanged& sight);
  void OnStanding(const StandingStatus& status);

  DecisionTracker tracker_;
  // By cluster and name: a doubt is logged when it begins, not with every node more that falls silent in it.
  std::set<std::pair<std::string, std::string>> blind_domains_;
  // By policy: how the cluster was seen last whose loss it waits for.
  std::map<std::string, ClusterLife> lives_;
};

}  // namespace evenkeel::coordinator
