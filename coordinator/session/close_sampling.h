// What an agent is to sample closely (SampleClosely of the agents' API).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

inline constexpr size_t kMostCloselySampled = 1024;  // pods of a node; more are left out, the last by uid

// For that session only; one that is gone is passed over. In place of what it was asked before.
struct CloseSampling {
  NodeKey node;
  uint64_t session_id = 0;
  std::vector<std::string> pod_uids;
};

}  // namespace evenkeel::coordinator
