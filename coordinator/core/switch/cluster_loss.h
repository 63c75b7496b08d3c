// Is a whole cluster lost, or only out of the coordinator's reach? Its own nodes cannot vouch for each other
// once they are all silent, so those are asked who stand elsewhere: agents of other clusters, and the
// gateways that send it requests. Pure.
//
// As with nodes (L1), one sign of life outweighs everything: an answer from its API, half of its nodes, one
// server that answers a gateway. And an answer "I cannot reach it" counts only of a witness that could reach
// it before, and that reaches its own control now: a firewall between two clusters proves nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/switch/lost_cluster_policy.h"

namespace evenkeel::coordinator {

enum class Reach {
  kReached,  // answered, or its kernel refused
  kNoAnswer,
  kNotTried,  // or could not try
};

// What one agent of another cluster found.
struct OutsideAnswer {
  NodeKey witness;
  std::string failure_domain;  // of the witness; empty: not known
  std::string target;          // a node's name; empty: the API
  Reach reach = Reach::kNotTried;
  bool proven = false;      // it has reached that kind of target of that cluster before, not long ago
  bool control_ok = false;  // it reaches its control now
  bool operator==(const OutsideAnswer&) const = default;
};

// What one gateway says of the cluster's backend.
struct GatewayVoice {
  std::string gateway;
  bool read = false;    // lately
  bool checks = false;  // it checks the servers itself
  uint32_t servers_up = 0;
  uint64_t answered = 0;  // requests that were answered well since the silence began
  bool operator==(const GatewayVoice&) const = default;
};

struct LossSight {
  absl::Time now;
  bool api_reachable = false;  // by the coordinator
  absl::Time api_away_since = absl::InfiniteFuture();
  bool api_known = true;  // where others reach it
  size_t nodes = 0;       // with an agent
  size_t silent = 0;      // of them
  size_t tried = 0;       // of them, by the witnesses: of a large cluster not all are
  std::vector<OutsideAnswer> answers;
  std::vector<GatewayVoice> gateways;
};

enum class ClusterLife {
  kAlive,
  kCutOff,  // it lives, and the coordinator does not reach it
  kUnsure,
  kLost,
};
struct LossAnswer {
  ClusterLife life = ClusterLife::kUnsure;
  Confidence confidence = Confidence::kNone;
  std::string reason;  // a sentence without its full stop
  bool operator==(const LossAnswer&) const = default;
};

// kLost needs all of: the API away for api_away_for; more than lost_nodes_percent silent; no sign of life by
// anybody; proven witnesses, of two failure domains or of one with a gateway that agrees, that do not reach
// the API, nor more than lost_nodes_percent of the nodes that they tried; and no gateway that was read and
// sees a server up.
LossAnswer JudgeLoss(const LossRules& rules, const LossSight& sight);

}  // namespace evenkeel::coordinator
