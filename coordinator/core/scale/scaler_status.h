// What people are shown of a scaler. Data only: sentences are made where it is read (words.h), so that a look
// that changes a figure costs no text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/policy_mode.h"
#include "coordinator/core/scale/advice.h"
#include "coordinator/core/scale/pod_deaths.h"
#include "coordinator/core/switch/switch_floor.h"
#include "coordinator/core/workload.h"

namespace evenkeel::coordinator {

// A pod of which a container has died.
struct DeadPod {
  std::string name;
  bool down = false;  // and it has not been Ready since
  PodDeaths deaths;   // with a last one
  bool operator==(const DeadPod&) const = default;
};
inline constexpr size_t kMostDeadPods = 10;

struct ScalerStatus {
  std::string policy;
  std::string cluster;
  Workload target;
  std::string version;  // of the target's API: "v1"
  PolicyMode mode = PolicyMode::kObserve;
  bool paused = false;
  CpuTarget cpu;
  int64_t minimum = 1;  // in force now
  int64_t maximum = 1;
  SwitchFloor floor;  // what a switch of traffic needs of it
  // The workload. `unseen`: why nothing can be said of it, a clause; empty: it is seen.
  std::string unseen = "it has not been read yet";
  std::string uid;
  int64_t replicas = 0;  // spec.replicas
  size_t pods = 0;       // that belong to it and are not going
  size_t ready = 0;
  size_t down = 0;  // of those: a container of theirs has died, and they have not been Ready since
  // The pods of which a container has died: those that are down first, then the latest; at most
  // kMostDeadPods.
  std::vector<DeadPod> dead_pods;
  // The last look; none: there was none yet. Figures of pods are in its demands.
  std::optional<absl::Time> looked;
  Advice advice;
  std::optional<absl::Time> panic_since;
  std::optional<absl::Time> unseen_pods_since;  // some pods' samples are held or missing without a break
  std::string autoscaler;  // "NAMESPACE/NAME" of the HorizontalPodAutoscaler that is in the way; empty: none
  std::string take_over_waits;         // for what its take-over, which is ordered, waits; empty: for nothing
  Workload overlaps;                   // the workload that has the same pods; empty: none
  std::optional<GuardAnswer> refusal;  // what keeps it from what it advises, now
  std::optional<DecisionId> open_decision;
  std::optional<DecisionId> last_scaled;
  bool operator==(const ScalerStatus&) const = default;
};

}  // namespace evenkeel::coordinator
