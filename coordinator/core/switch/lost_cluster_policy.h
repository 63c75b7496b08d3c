// An operator's policy for the loss of a cluster: the switch that would be made (its `from` is the cluster
// that is watched), and when. See SwitchPolicy in proto/evenkeel/v1/policy.proto for ranges and defaults.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/switch/switch_spec.h"

namespace evenkeel::coordinator {

// When a cluster counts as lost (cluster_loss.h).
struct LossRules {
  // More than so many percent of its nodes must be silent and out of reach.
  uint32_t lost_nodes_percent = 50;
  // Its API must have been away for so long.
  absl::Duration api_away_for = absl::Seconds(1);
  // It must be judged lost for so long without a break before anything follows from it.
  absl::Duration lost_for = absl::Seconds(1);
  bool operator==(const LossRules&) const = default;
};

enum class OnLostCluster {
  kOff,     // it is watched, shown, and recorded
  kAsk,     // a switch runs its preflight and waits for approval, once an episode
  kSwitch,  // green gets everything at once
};

struct LostClusterPolicy {
  SwitchSpec spec;  // its name is the policy's
  OnLostCluster on_lost = OnLostCluster::kAsk;
  LossRules rules;
  // Where nodes of other clusters reach the API: an IPv4 or IPv6 literal; empty: as the coordinator knows it.
  std::string api_address;
  uint16_t api_port = 0;
  bool operator==(const LostClusterPolicy&) const = default;

  const std::string& name() const { return spec.name; }
};

}  // namespace evenkeel::coordinator
