// A workload of the simulated cluster, as somebody has deployed it.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/core/resources.h"
#include "coordinator/core/workload.h"

namespace evenkeel::simulation {

inline constexpr char kNamespace[] = "shop";  // of all pods and workloads

struct WorkloadSpec {
  std::string name;
  // ReplicaSet stands for its Deployment, too, which is what people scale. Or StatefulSet, DaemonSet, Job.
  std::string kind = "ReplicaSet";
  uint32_t replicas = 1;  // spec.replicas: it changes when it is scaled
  std::string claim;      // an exclusive volume; empty = none
  int32_t priority = 0;
  coordinator::Resources requests{.pods = 1};
  bool tolerates_all = false;
  bool tolerates_virtual = false;  // its pods may go to virtual nodes
  bool starts = true;              // its pods become Ready
  bool blocked = false;            // a PodDisruptionBudget refuses evictions
  uint32_t min_available = 0;      // another one refuses those that leave fewer Ready; 0: there is none
  bool deleted = false;            // it is not there any more; what was its pods may be still
  uint32_t made_again = 0;         // times: each has other uids
};

// What a scale policy names.
inline coordinator::Workload SubjectOf(const WorkloadSpec& spec) {
  return {"apps", spec.kind == "ReplicaSet" ? "Deployment" : spec.kind, kNamespace, spec.name};
}

}  // namespace evenkeel::simulation
