// Placeholders: pods of low priority that stay off virtual nodes, so that they go Pending and whoever brings
// machines (a cluster autoscaler) brings them for the pods that burst: those run, and so never ask by
// themselves. When the machines are there they make way. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

// The Deployment in Evenkeel's namespace that holds them, and the prefix of its ReplicaSets' names.
inline constexpr char kHeadroomName[] = "evenkeel-headroom";

// Real machines are asked for while a burst lasts.
struct HeadroomPolicy {
  bool placeholders = true;
  int64_t most = 50;  // placeholders
  bool operator==(const HeadroomPolicy&) const = default;
};

struct Placeholders {
  int64_t number = 0;  // 0: none are wanted
  Resources each{.pods = 1};
  bool operator==(const Placeholders&) const = default;
};

// As many as make up for the CPU and the memory of `pods` (the requests of the pods on virtual nodes), of the
// shape that the most of them have; of several that are equally frequent, the largest.
Placeholders PlaceholdersFor(const HeadroomPolicy& policy, const std::vector<Resources>& pods);

}  // namespace evenkeel::coordinator
