// What the core is told of the workloads that it scales, and of what else scales them: no more than the
// scaler asks about, and only of workloads that it asked for (WatchWorkload).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/scale/advice.h"
#include "coordinator/core/scale/pod_deaths.h"
#include "coordinator/core/scale/pod_load.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

// A workload as its scale subresource shows it.
struct WorkloadFacts {
  std::string uid;
  int64_t replicas = 0;         // spec.replicas
  int64_t status_replicas = 0;  // status.replicas
  // It can be scaled, but its pods cannot be told: it names no selector, or one that nobody understands. A
  // clause; empty: they can.
  std::string no_selector;
  // Another workload that is watched and takes some of the same pods for its own; empty: there is none.
  Workload overlaps;
  bool operator==(const WorkloadFacts&) const = default;
};

// A pod that the workload's selector picks.
struct WorkloadPodFacts {
  std::string name;
  std::string node;  // empty = not bound
  PodPhase phase = PodPhase::kPending;
  bool deleting = false;
  bool ready = false;
  std::optional<absl::Time> started;  // see PodLoad, here and below
  std::optional<absl::Time> ready_changed;
  // CPU that its containers ask for, without init containers and overhead; 0: one of them asks for none.
  int64_t request_millicores = 0;
  // Kubernetes says that its containers die again and again, were killed for want of memory and are not back,
  // or cannot be made (CrashLoopBackOff, ImagePullBackOff and the like).
  bool failing = false;
  bool operator==(const WorkloadPodFacts&) const = default;
};

// A HorizontalPodAutoscaler.
struct AutoscalerFacts {
  std::string uid;
  Workload target;
  std::string version;  // of the target's API
  // What it does, as a scale policy would have it that looks as often and as far as we do. None: it scales by
  // something else than CPU, and `beyond` says by what.
  std::optional<ScaleRules> rules;
  std::string beyond;
  bool operator==(const AutoscalerFacts&) const = default;
};

// One pod as its agent shows it to usage/ now. Both windows of CPU end with the newest sample.
struct PodUsage {
  std::string pod_uid;
  std::optional<CpuSample> steady;  // over WatchUsage.window; none: nothing is known (any more)
  std::optional<CpuSample> sudden;  // over WatchUsage.panic_window
  bool held = false;                // samples have stopped coming; these are the last (usage_window.h)
  std::optional<int64_t> throttled_percent;  // of its scheduling periods, over the panic window
  PodDeaths deaths;                          // as told last, also while its agent is silent
  bool operator==(const PodUsage&) const = default;
};

}  // namespace evenkeel::coordinator
