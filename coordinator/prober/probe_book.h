// What the prober's clients met, until it is told. Pure; bounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::coordinator {

class ProbeBook {
 public:
  // Failures that are told one by one, each time; all are counted.
  static constexpr size_t kMostFailures = 64;

  // `run`: another one for each process and each beginning.
  ProbeBook(const DecisionId& decision, uint64_t run) : decision_(decision), run_(run) {}

  // Of the name that answers call themselves by and that is no side's, so many bytes are told.
  static constexpr size_t kLongestName = 64;

  // A request has ended; `problem` empty: well. `side`: who had it, where that is known.
  void Ended(ProbeKind kind, absl::Time when, const std::string& problem, std::optional<Side> side);
  // An answer has called itself `name`, which is no side's.
  void Unknown(const std::string& name);
  // What is new since the last time; nullopt: nothing is.
  std::optional<ProbesTold> Take();

 private:
  const DecisionId decision_;
  const uint64_t run_;
  ProbeCounts totals_;
  std::vector<ProbeFailure> failures_;
  std::string unknown_;
  bool changed_ = false;
};

// The side that a name stands for: a backend's on any of the switch's routes, or a cluster's of the switch.
// None: it is neither side's, or both sides'. A pod's or a node's name is nobody's.
std::optional<Side> SideNamed(const SwitchSpec& spec, const std::string& name);

}  // namespace evenkeel::coordinator
