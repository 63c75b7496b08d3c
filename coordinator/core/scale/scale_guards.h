// L6, L8, L9: what a change of replicas passes before anything is done, in a fixed order; each answers with
// its figures, whether an earlier one has refused already or not. Budgets of nodes are not asked: no node is
// taken out of service. Pure but for the gathering of facts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/decision.h"
#include "coordinator/core/operator_orders.h"
#include "coordinator/core/policy_mode.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

struct ScaleGuardFacts {
  int64_t from = 0;
  int64_t to = 0;
  int64_t minimum = 1;  // in force now
  int64_t maximum = 1;
  PolicyMode mode = PolicyMode::kObserve;
  std::string policy;
  bool policy_paused = false;
  std::optional<Pause> pause;  // of the cluster
  bool api_reachable = false;  // L8
  std::string api_detail;
  std::string autoscaler;  // in the way; empty: none
  Workload overlaps;       // the workload that has the same pods; empty: none
  bool blind = false;      // L2
  std::string blind_reason;
  // Open decisions that take pods of the workload off their nodes, which are not back elsewhere yet. Counted
  // for scaling in only.
  size_t moving = 0;
  SwitchFloor floor;          // what a switch of traffic needs
  std::string open_decision;  // on this workload; empty = none. L3
};
ScaleGuardFacts FactsForScaleGuards(const State& state, const Cluster& cluster, const Scaler& scaler,
                                    int64_t to, absl::Time now);

// The answers, in this order:
//   mode, pause, api, conflict, bounds, one-intent   of every change
//   sight, moving                                    of scaling in only
//   switch                                           of scaling in what a switch of traffic needs
// `bounds` is L9 once more, past all arithmetic: `to` within [minimum, maximum], but for a change that only
// comes nearer to them. Scaling *out* goes on while the coordinator is blind to nodes: more pods harm nobody.
std::vector<GuardAnswer> AskScaleGuards(const ScaleGuardFacts& facts);

}  // namespace evenkeel::coordinator
