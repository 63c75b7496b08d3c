// What a virtual kubelet says that the containers of its pods have used: counters, of which two readings make
// a figure (pulled_usage.h). Plain data.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

// Of one answer; more are refused, since nothing that has so many is one node.
inline constexpr size_t kMostPulledPods = 8192;
// Of one pod; one that has more is not whole.
inline constexpr size_t kMostPulledContainers = 64;

struct CpuCounter {
  std::string container;
  uint64_t used_ns = 0;  // CPU time since it began, over all CPUs; never 0
  absl::Time taken;      // by the node's clock
  absl::Duration grain;  // how exactly `taken` is told; positive
  // When the container began, by the node's clock; infinite past: not told. A counter begins with it.
  absl::Time started = absl::InfinitePast();
  bool operator==(const CpuCounter&) const = default;
};

struct PodCounters {
  std::string uid;  // empty: the source does not tell it
  std::string name_space;
  std::string name;
  std::vector<CpuCounter> containers;  // sorted by name, each once
  // Each container that the answer names has a counter that can be read. Where one has not, what the pod uses
  // is not known: the others' sum would look like less load.
  bool whole = true;
  bool operator==(const PodCounters&) const = default;
};

// Takes one more counter in, in order. A second one of the same container, or one too many, makes the pod not
// whole.
void AddCounter(PodCounters& pod, CpuCounter counter);

}  // namespace evenkeel::coordinator
