// How the budgets count the nodes of a cluster: kept as each node changes, so that no question walks the
// fleet.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

class Turn;
struct Cluster;
struct FailoverPolicy;
struct Node;

// One node as it is counted.
struct Standing {
  bool counted = false;  // Kubernetes shows it
  std::string domain;    // failure domain; empty = not known
  bool healthy = false;  // Ready in Kubernetes, in service, and neither SUSPECT nor GRAY nor DEAD
  bool silent = false;   // SUSPECT or DEAD, unless its silence is explained: under maintenance, or absorbed
  bool sick = false;     // GRAY, unless it is under maintenance, or absorbed
  bool out = false;      // taken out of service by a planner and not back, unless absorbed
  bool absorbed = false;
  bool operator==(const Standing&) const = default;
};

struct DomainStanding {
  size_t nodes = 0;
  std::set<std::string> silent;
  size_t out = 0;
};

struct Standings {
  size_t healthy = 0;
  size_t absorbed = 0;
  size_t sick = 0;
  std::set<std::string> silent;
  std::set<std::string> out;
  std::map<std::string, DomainStanding> domains;  // those that have nodes
};

// A node that is taken out of service uses up the budget until it is back, because what it carried needs room
// and because every one that follows makes a mistake of ours likelier. Both are settled when all that it
// carried is Ready elsewhere and the policy's release_budget_after has passed: from then on the node is
// absorbed, and counts neither as out nor as silent. It still counts against the nodes that must be healthy.
// Otherwise one dead machine that nobody removes would use up the whole budget of every cluster under twenty
// nodes. InfiniteFuture: not (yet) to be expected.
absl::Time AbsorbedAt(const Node& node, const FailoverPolicy& policy);

// Counts the node as it is now, and judges its domain's and the cluster's silence anew. Call when its facts,
// its verdict, its record, its maintenance or the policy have changed.
void UpdateStanding(Turn& turn, Node& node);

// Marks the node as failed over, or as back, in its durable record and in all that counts it.
void SetFailedOver(Turn& turn, Node& node, bool failed_over);

// The same of a node whose pods are moved off it because it is sick: from the first of them on until it is
// given back.
void SetDrained(Turn& turn, Node& node, bool drained);

// All that the node carried was found to be Ready elsewhere: the time until it is absorbed begins.
void SetRecovered(Turn& turn, Node& node);

// AbsorbedAt has come.
void OnAbsorbDue(Turn& turn, Node& node);

}  // namespace evenkeel::coordinator
