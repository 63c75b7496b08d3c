// L6: the brakes that every plan of every planner passes before anything is done, in a fixed order. Each
// answers with its figures, whether an earlier one has refused already or not.
//
// A planner asks AskGuards(FactsForGuards(cluster, node, kind, now)), records all answers in its decision,
// does nothing when FirstRefusal finds one, and calls BookDisruption in the step in which it opens its
// decision.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/operator_orders.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/state.h"

namespace evenkeel::coordinator {

class Turn;

// What a planner is about to do to a node, as far as the guards tell it apart.
enum class DisruptionKind {
  kFailover,     // a dead node's pods are taken off it
  kDrain,        // a living node's pods are moved off it
  kRepair,       // a part of a living node is restarted; its pods stay
  kReadmission,  // ends what an enforced failover began: takes nothing out of service
  kRebalance,    // pods come to a node, one at a time
};

// What the guards look at.
struct GuardFacts {
  DisruptionKind kind = DisruptionKind::kFailover;
  absl::Time now;
  FailoverPolicy policy;
  std::string policy_name;  // empty = the defaults
  std::optional<Pause> pause;
  std::optional<Maintenance> maintenance;  // of the node
  bool api_reachable = false;              // L8
  std::string api_detail;
  bool blind = false;  // L2: to the cluster, or to the node's failure domain
  std::string blind_reason;
  absl::Time storm = absl::InfinitePast();  // the last one's last moment
  std::string storm_reason;
  size_t nodes = 0;         // of the cluster
  size_t out = 0;           // out of service and not back; this one not counted
  size_t absorbed = 0;      // out of service for so long that they do not count any more (standing.h)
  bool is_booked = false;   // this one is counted in the rates already: it is out, or is being cared for,
                            // or was when it died
  std::string domain;       // the node's failure domain; empty = not known
  size_t domains = 0;       // that the cluster has
  size_t domain_nodes = 0;  // of the node's domain
  size_t domain_out = 0;    // of the node's domain; this one not counted
  size_t healthy = 0;       // nodes of the cluster; this one not counted
  absl::Time booked_until = absl::InfinitePast();  // see budgets.h
  absl::Time domain_booked_until = absl::InfinitePast();
  std::string open_decision;  // on this node; empty = none. L3
};
GuardFacts FactsForGuards(const Cluster& cluster, const Node& node, DisruptionKind kind, absl::Time now);

// The answers, in this order, of those that the kind is asked of:
//   mode, pause, maintenance, api, sight   whether anything may be done
//   cool-down, node-budget, domain-budget, rate, min-healthy   how much (failover, drain; repair: cool-down,
//   rate) one-intent                             whether something else is under way on the node
// Readmission ends an enforced failover, so `mode` is not asked of it.
std::vector<GuardAnswer> AskGuards(const GuardFacts& facts);

// The first that refused; null: all let it pass.
const GuardAnswer* FirstRefusal(const std::vector<GuardAnswer>& answers);

// A decision that takes the node out of service, or restarts a part of it, is opened in this step: books it
// in the rates of the cluster and of the node's domain. Before the node is marked as out.
void BookDisruption(Turn& turn, const Node& node);

}  // namespace evenkeel::coordinator
