#include "coordinator/core/scale/switched.h"

#include <cstdint>
#include <map>
#include <string>

#include "coordinator/core/switch/switch_floors.h"

namespace evenkeel::coordinator {

SwitchFloor FloorOf(const State& state, const Cluster& cluster, const Scaler& scaler) {
  const std::string& name_space = scaler.policy.target.name_space;
  if (!HasSwitched(state.desk, cluster.name, name_space)) return {};
  std::map<std::string, uint32_t> controllers;
  for (const auto& [uid, pod] : scaler.pods) {
    const PodFacts* facts = cluster.pods.Find({name_space, pod.facts.name});
    if (facts != nullptr && !facts->controller.uid.empty()) ++controllers[facts->controller.uid];
  }
  return FloorOf(state.desk, cluster.name, name_space, controllers);
}

}  // namespace evenkeel::coordinator
