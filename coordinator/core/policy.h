// Policies with every default filled in. serve/ makes them of what an operator wrote and refuses what is out
// of range.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/fencing_facts.h"
#include "coordinator/core/gray_policy.h"
#include "coordinator/core/limits.h"
#include "coordinator/core/policy_mode.h"
#include "coordinator/core/scale/scale_policy.h"
#include "coordinator/core/switch/lost_cluster_policy.h"

namespace evenkeel::coordinator {

// See FailoverPolicy in proto/evenkeel/v1/policy.proto for meanings, ranges and defaults.
struct FailoverPolicy {
  std::string cluster;
  PolicyMode mode = PolicyMode::kObserve;
  std::optional<absl::Duration> beat_interval;  // none = by the cluster's size (BeatInterval in core/beats.h)
  std::optional<absl::Duration> suspect_after;  // none = three beat intervals, no less than 500 ms
  std::optional<absl::Duration> max_suspect_after;  // none = three times suspect_after
  absl::Duration probe_timeout = absl::Milliseconds(300);
  uint32_t witnesses = 3;
  uint32_t max_unavailable_nodes = 1;
  uint32_t max_unavailable_percent = 10;
  absl::Duration readmit_after = absl::Seconds(30);
  absl::Duration max_readmit_after = absl::Hours(1);
  bool rebalance = false;
  absl::Duration recovery_timeout = absl::Minutes(5);
  DisruptionLimits limits;
  GrayPolicy gray;
  FencingPolicy fencing;
  bool operator==(const FailoverPolicy&) const = default;
};

// A policy as it is stored and shown.
struct Policy {
  std::string name;
  std::string etag;  // changes with every change
  absl::Time create_time;
  absl::Time update_time;
  std::variant<FailoverPolicy, ScalePolicy, BurstPolicy, LostClusterPolicy> spec;  // its kind
  bool operator==(const Policy&) const = default;

  // Null: it is of another kind.
  const FailoverPolicy* IfFailover() const { return std::get_if<FailoverPolicy>(&spec); }
  const ScalePolicy* IfScale() const { return std::get_if<ScalePolicy>(&spec); }
  const BurstPolicy* IfBurst() const { return std::get_if<BurstPolicy>(&spec); }
  const LostClusterPolicy* IfSwitch() const { return std::get_if<LostClusterPolicy>(&spec); }
  // It must be of that kind.
  const FailoverPolicy& failover() const { return std::get<FailoverPolicy>(spec); }
  FailoverPolicy& failover() { return std::get<FailoverPolicy>(spec); }
  const ScalePolicy& scale() const { return std::get<ScalePolicy>(spec); }
  ScalePolicy& scale() { return std::get<ScalePolicy>(spec); }
  const BurstPolicy& burst() const { return std::get<BurstPolicy>(spec); }
  BurstPolicy& burst() { return std::get<BurstPolicy>(spec); }
  const LostClusterPolicy& switching() const { return std::get<LostClusterPolicy>(spec); }
  LostClusterPolicy& switching() { return std::get<LostClusterPolicy>(spec); }
  // The cluster that it is for; of a switch's: the one whose loss is waited for.
  const std::string& cluster() const {
    if (const LostClusterPolicy* waits = IfSwitch()) return waits->spec.from;
    if (const ScalePolicy* scales = IfScale()) return scales->cluster;
    if (const BurstPolicy* bursts = IfBurst()) return bursts->cluster;
    return failover().cluster;
  }
};

}  // namespace evenkeel::coordinator
