// L6, L8, L9: what every opening of virtual nodes passes before anything is done, in a fixed order; each
// answers with its figures, whether an earlier one has refused already or not. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/burst/back_off.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/burst/caps.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/operator_orders.h"

namespace evenkeel::coordinator {

struct BurstGuardFacts {
  absl::Time now;
  PolicyMode mode = PolicyMode::kObserve;
  std::string policy;
  bool policy_paused = false;
  std::optional<Pause> pause;  // of the cluster
  bool api_reachable = false;  // L8
  std::string api_detail;
  ProviderBackOff provider;
  CapAnswer caps;             // for all that presses, together: a valve cannot choose
  std::string open_decision;  // on the cluster's virtual nodes; empty = none. L3
};

// The same, before it is known how late it is: what time alone changes of it is computed when it is asked.
struct BurstStanding {
  PolicyMode mode = PolicyMode::kObserve;
  std::string policy;
  bool policy_paused = false;
  std::optional<Pause> pause;
  bool api_reachable = false;
  std::string api_detail;
  ProviderBackOff provider;
  BurstCaps caps;
  BurstPrices prices;
  BurstLedger ledger;
  Resources pressing;  // what all that presses asks for, together
  std::optional<DecisionId> open_decision;
  bool operator==(const BurstStanding&) const = default;
};
BurstGuardFacts FactsAt(const BurstStanding& standing, absl::Time now);

// mode, pause, api: of whatever a burst policy does.
std::vector<GuardAnswer> AskPolicyGuards(const BurstGuardFacts& facts);

// Those, and provider, burst-cap, one-intent. Bursts go on while the coordinator is blind to nodes: more room
// harms nobody.
std::vector<GuardAnswer> AskBurstGuards(const BurstGuardFacts& facts);

}  // namespace evenkeel::coordinator
