// The brakes that every plan passes before anything is done, in a fixed order. Each answers with its figures,
// whether an earlier one has refused already or not.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "coordinator/core/decision.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

// L6: how many nodes of a cluster of `nodes` may be failed over and not back at once: the larger of the
// policy's number and its percentage, rounded down.
size_t NodeBudget(const FailoverPolicy& policy, size_t nodes);

// What the guards look at.
struct GuardFacts {
  FailoverPolicy policy;
  std::string policy_name;     // empty = the defaults
  bool api_reachable = false;  // L8
  std::string api_detail;
  bool blind = false;  // L2
  std::string blind_reason;
  size_t nodes = 0;           // of the cluster
  size_t failed_over = 0;     // nodes failed over and not readmitted, this one not counted
  std::string open_decision;  // on this node; empty = none. L3
};
GuardFacts FactsForGuards(const Cluster& cluster, const Node& node);

// The answers of mode, api, sight, node-budget and one-intent.
std::vector<GuardAnswer> AskGuards(const GuardFacts& facts);

// The first that refused; null: all let it pass.
const GuardAnswer* FirstRefusal(const std::vector<GuardAnswer>& answers);

}  // namespace evenkeel::coordinator
