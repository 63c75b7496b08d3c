#include "coordinator/core/switch/switch_floors.h"

#include <algorithm>

#include "coordinator/core/switch/switch_sight.h"

namespace evenkeel::coordinator {
namespace {

// Of the application, by its pods in the cluster; 0: it has none of them.
uint64_t PodsAmong(const ApplicationFacts& facts, const std::map<std::string, uint32_t>& controllers) {
  uint64_t pods = 0;
  for (const auto& [uid, count] : facts.controllers) {
    if (controllers.contains(uid)) pods += count;
  }
  return pods;
}

void Take(SwitchFloor& floor, const SwitchFloor& other) {
  // What is not known outweighs what is.
  const bool more = other.unknown != floor.unknown ? other.unknown : other.replicas > floor.replicas;
  if (more) floor = other;
}

}  // namespace

uint32_t FloorOf(const SwitchDesk& desk, const std::string& cluster, const Application& application) {
  uint32_t floor = 0;
  for (const auto& [name, one] : desk.switches) {
    if (!one.decision || !Concerns(one, cluster, application)) continue;
    const auto needed = one.record.needed.find(application);
    if (needed != one.record.needed.end()) floor = std::max(floor, needed->second);
  }
  return floor;
}

bool HasSwitched(const SwitchDesk& desk, const std::string& cluster, const std::string& name_space) {
  return std::any_of(desk.switches.begin(), desk.switches.end(), [&](const auto& entry) {
    const Switch& one = entry.second;
    const SwitchSpec& spec = one.record.spec;
    return one.decision && (spec.from == cluster || spec.to == cluster) &&
           std::any_of(spec.applications.begin(), spec.applications.end(),
                       [&](const Application& each) { return each.name_space == name_space; });
  });
}

SwitchFloor FloorOf(const SwitchDesk& desk, const std::string& cluster, const std::string& name_space,
                    const std::map<std::string, uint32_t>& controllers) {
  SwitchFloor floor;
  for (const auto& [name, one] : desk.switches) {
    if (!one.decision) continue;
    for (const auto& [application, needed] : one.record.needed) {
      if (needed == 0 || application.name_space != name_space || !Concerns(one, cluster, application)) {
        continue;
      }
      const auto seen = one.applications.find({cluster, application});
      if (seen == one.applications.end()) {
        Take(floor, {.replicas = 0, .name = name, .unknown = true});
        continue;
      }
      const uint64_t own = PodsAmong(seen->second, controllers);
      if (own == 0) continue;
      const uint64_t all = std::max<uint64_t>(own, seen->second.pods);
      const uint64_t share = (needed * own + all - 1) / all;
      Take(floor, {.replicas = static_cast<int64_t>(share), .name = name, .unknown = false});
    }
  }
  return floor;
}

}  // namespace evenkeel::coordinator
