// A switch that waits for the loss of a cluster, as it is remembered across restarts and as people are shown
// it (standing_switches.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "coordinator/core/ids.h"
#include "coordinator/core/switch/cluster_loss.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// What must outlive the process: without it a cluster that is lost during a restart has no measure for green.
struct StandingRecord {
  std::string policy;
  std::map<Application, uint32_t> needed;  // Ready pods of blue, when it was last seen to be well
  bool operator==(const StandingRecord&) const = default;
};

struct StandingStatus {
  std::string policy;
  std::string cluster;  // whose loss is waited for
  ClusterLife life = ClusterLife::kUnsure;
  std::string reason;
  uint32_t witnesses = 0;              // elsewhere, whose ways to its nodes are proven
  uint32_t api_witnesses = 0;          // the same of its API
  std::optional<DecisionId> decision;  // the switch that its loss has begun, while it is under way
  bool operator==(const StandingStatus&) const = default;
};

}  // namespace evenkeel::coordinator
