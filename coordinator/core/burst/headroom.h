// Placeholders: pods of low priority that stay off virtual nodes, so that they go Pending and whoever brings
// machines (a cluster autoscaler) brings them for the pods that burst: those run, and so never ask by
// themselves. When the machines are there they make way. Pure.
//
// They have the shape of what bursts: smaller ones would find room in gaps that are of no use to it, and ask
// for nothing.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/facts.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

// The Deployment that holds them, and the prefix of its ReplicaSets' names.
inline constexpr char kHeadroomName[] = "evenkeel-headroom";

// The least time between two changes of them; that they go is never put off.
inline constexpr absl::Duration kHeadroomEvery = absl::Seconds(5);
// A pod that finds no room where placeholders hold some has it as soon as they are gone, which the scheduler
// sees to. It is given so much time before it counts as one without room.
inline constexpr absl::Duration kMakeWay = absl::Seconds(2);

struct Placeholders {
  int64_t number = 0;  // 0: none are wanted
  Resources each{.pods = 1};
  bool operator==(const Placeholders&) const = default;
};

// As many as make up for the CPU and the memory of `pods` (the requests of the pods on virtual nodes), of the
// shape that the most of them have; of several that are equally frequent, the largest.
Placeholders PlaceholdersFor(const HeadroomPolicy& policy, const std::vector<Resources>& pods);

// The same where `present` are there: they keep their shape for as long as no more of it are needed, since
// another shape replaces them all.
Placeholders AdaptPlaceholders(const HeadroomPolicy& policy, const std::vector<Resources>& pods,
                               const Placeholders& present);

// One of them: it is nobody's application, and its room is free for all that matters.
bool IsPlaceholder(const PodFacts& facts);

// Whether the hook that was asked for `asked` is to be asked for `missing`: a half more of CPU or memory. No
// pods in `asked`: it was not asked yet.
bool IsWorthAsking(const Resources& asked, const Resources& missing);

}  // namespace evenkeel::coordinator
