#include "coordinator/usage/cpu_counters.h"

#include <algorithm>
#include <utility>

namespace evenkeel::coordinator {

void AddCounter(PodCounters& pod, CpuCounter counter) {
  const auto place = std::lower_bound(
      pod.containers.begin(), pod.containers.end(), counter.container,
      [](const CpuCounter& known, const std::string& name) { return known.container < name; });
  const bool twice = place != pod.containers.end() && place->container == counter.container;
  if (twice || pod.containers.size() == kMostPulledContainers) {
    pod.whole = false;
    return;
  }
  pod.containers.insert(place, std::move(counter));
}

}  // namespace evenkeel::coordinator
