// L2 for one failure domain: when more of its nodes are silent at once than may be out of service in it, that
// is likelier the way to the domain than their deaths. Nobody in it is judged dead and nothing is done to its
// nodes; the rest of the cluster is not concerned. Where the domain is not known, or is the only one, the
// cluster's sight (sight.h) is all there is.
#pragma once

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

class Turn;
struct Cluster;
struct Node;

// Kept while it is blind, and afterwards for as long as what was asked before might still count.
struct DomainSight {
  bool blind = false;
  std::string reason;
  absl::Time since;
  absl::Time clear_since = absl::InfinitePast();
  std::optional<DecisionId> decision;  // the episode's record
};

// Judges the domain's silence anew, and says so when the judgement or its reason changes. When its sight is
// regained every silent node of it is checked from the start.
void UpdateDomainSight(Turn& turn, Cluster& cluster, const std::string& domain);

// The same for all domains: the policy or the cluster's own sight has changed.
void UpdateDomainSights(Turn& turn, Cluster& cluster);

// Of the cluster and of the node's domain together: blind, why, and since when what is asked counts again
// (InfiniteFuture while blind).
bool IsBlindTo(const Cluster& cluster, const Node& node);
std::string BlindReason(const Cluster& cluster, const Node& node);
absl::Time ClearSince(const Cluster& cluster, const Node& node);

}  // namespace evenkeel::coordinator
