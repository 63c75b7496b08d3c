// What Kubernetes says of pods and of scale subresources, as the core's scaler asks for it. Pure; any field
// may be missing, and nothing here throws.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/scale/workload_facts.h"

namespace evenkeel::coordinator {

// A pod as far as workloads ask about it.
struct SelectablePod {
  std::string name_space;
  std::string uid;
  std::map<std::string, std::string> labels;
  WorkloadPodFacts facts;
  bool operator==(const SelectablePod&) const = default;
};
SelectablePod SelectablePodFrom(const kube::Json& pod);

// What an object of kind Scale (autoscaling/v1) says. `selector`: its status.selector, as text.
struct ScaleSubresource {
  std::string uid;
  int64_t replicas = 0;
  int64_t status_replicas = 0;
  std::string selector;
};
ScaleSubresource ScaleFrom(const kube::Json& scale);

}  // namespace evenkeel::coordinator
