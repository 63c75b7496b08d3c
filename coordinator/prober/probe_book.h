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

  // A request has ended; `problem` empty: well. `side`: who had it, where that is known.
  void Ended(ProbeKind kind, absl::Time when, const std::string& problem, std::optional<Side> side);
  // What is new since the last time; nullopt: nothing is.
  std::optional<ProbesTold> Take();

 private:
  const DecisionId decision_;
  const uint64_t run_;
  ProbeCounts totals_;
  std::vector<ProbeFailure> failures_;
  bool changed_ = false;
};

// The side that a backend's name stands for on any of the routes; none: it is neither, or both.
std::optional<Side> SideNamed(const std::vector<SwitchedRoute>& routes, const std::string& backend);

}  // namespace evenkeel::coordinator
