// What is true of virtual nodes and of the room on real ones, counted by the world's own objects and never by
// the core's.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/resources.h"
#include "tests/simulation/workload_spec.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

// The policy in force, as it is durable; null: there is none.
const coordinator::Policy* BurstPolicyOf(const World& world);
// It enforces and is not paused.
bool Rules(const coordinator::Policy* policy);

// It asks for something where it is bound: it has not ended and is not being deleted.
bool IsThere(const coordinator::PodFacts& pod);

// What pods ask for on virtual nodes, but for those of DaemonSets.
coordinator::Resources UseOfVirtualNodes(const World& world);

// How many more pods of the workload real nodes that are well have room for.
int64_t RealRoom(const World& world, const WorkloadSpec& spec);

// The time or the money of the burst that is under way, as it is durable.
bool IsUsedUp(const World& world);

// Neither a real node nor the caps of virtual ones have room for one more of it.
bool IsFull(const World& world, const WorkloadSpec& spec);

}  // namespace evenkeel::simulation
