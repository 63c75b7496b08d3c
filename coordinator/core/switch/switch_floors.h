// What must stay of switched applications while a switch is under way, held included: as many Ready pods as
// blue had when it began, in both clusters, so that each step and the way back find what they were measured
// by (L10). The scaler goes no lower. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "coordinator/core/switch/switch_desk.h"
#include "coordinator/core/switch/switch_floor.h"

namespace evenkeel::coordinator {

// How many Ready pods of the application the cluster must keep. 0: as few as anybody likes. O(switches).
uint32_t FloorOf(const SwitchDesk& desk, const std::string& cluster, const Application& application);

// Whether any switch under way has an application of the namespace there; else no workload of it has a floor.
// O(switches).
bool HasSwitched(const SwitchDesk& desk, const std::string& cluster, const std::string& name_space);

// What the switches under way need of the workload whose pods `controllers` has, by the uid of what controls
// them. Where an application is made of several workloads, each keeps its share of what is needed, as its
// pods have it now, rounded up. An application of the namespace whose pods are not seen (after a start, or
// because it cannot be read) may be any workload's: then it is not known. O(switches * controllers).
SwitchFloor FloorOf(const SwitchDesk& desk, const std::string& cluster, const std::string& name_space,
                    const std::map<std::string, uint32_t>& controllers);

}  // namespace evenkeel::coordinator
