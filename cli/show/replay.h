#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evenkeel/v1/replay.pb.h"

namespace evenkeel::cli {

// All that a replay answered.
struct ReplayAnswer {
  std::vector<v1::DecisionComparison> comparisons;  // in order of time
  v1::ReplaySummary summary;
};

struct ReplayTextOptions {
  bool wide = false;   // every field that differs, and the decisions that are the same
  std::string policy;  // its name; empty: nothing was tried, only verified
};

// The answer as a person reads it at night: what would have differed and why, and what must be known to
// believe it. Pure.
std::string ReplayText(const ReplayAnswer& answer, const ReplayTextOptions& options);

// The same for programs: {"kind": "Replay", "summary": ..., "comparisons": [...]}.
nlohmann::ordered_json ToObject(const ReplayAnswer& answer);

}  // namespace evenkeel::cli
