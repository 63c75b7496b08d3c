#include "coordinator/core/switch/cluster_loss.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kAllPercent = 100;

bool IsMore(size_t part, size_t whole, uint32_t percent) {
  return part * kAllPercent > whole * percent;
}

// What outside witnesses say together.
struct Outside {
  std::string api_reached_by;  // first who did
  std::set<std::string> nodes_reached;
  std::set<std::string> nodes_denied;  // by proven witnesses
  std::set<NodeKey> api_denied_by;     // proven witnesses
  std::set<std::string> domains;       // of those, with their cluster
  bool anybody_proven = false;
};

std::string NameOf(const NodeKey& node) {
  return absl::StrCat(node.node, " of cluster ", node.cluster);
}

Outside Gather(const LossSight& sight) {
  Outside all;
  for (const OutsideAnswer& answer : sight.answers) {
    if (answer.reach == Reach::kReached) {
      if (answer.target.empty() && all.api_reached_by.empty()) all.api_reached_by = NameOf(answer.witness);
      if (!answer.target.empty()) all.nodes_reached.insert(answer.target);
      continue;
    }
    all.anybody_proven = all.anybody_proven || answer.proven;
    if (answer.reach != Reach::kNoAnswer || !answer.proven || !answer.control_ok) continue;
    if (!answer.target.empty()) {
      all.nodes_denied.insert(answer.target);
      continue;
    }
    all.api_denied_by.insert(answer.witness);
    all.domains.insert(absl::StrCat(answer.witness.cluster, "/", answer.failure_domain));
  }
  for (const std::string& node : all.nodes_reached) all.nodes_denied.erase(node);
  return all;
}

// "3 of 3 nodes", "9 of the 16 nodes that were tried (of 40)".
std::string OfTheTried(size_t part, const LossSight& sight) {
  if (sight.tried >= sight.nodes) return absl::StrCat(part, " of ", Count(sight.nodes, "node"));
  return absl::StrCat(part, " of the ", Count(sight.tried, "node"), " that ",
                      sight.tried == 1 ? "was" : "were", " tried (of ", sight.nodes, ")");
}

LossAnswer Answer(ClusterLife life, std::string reason, Confidence confidence = Confidence::kNone) {
  return {life, confidence, std::move(reason)};
}

}  // namespace

LossAnswer JudgeLoss(const LossRules& rules, const LossSight& sight) {
  // ---- what the coordinator sees itself ----
  if (sight.api_reachable) return Answer(ClusterLife::kAlive, "its API answers", Confidence::kHigh);
  if (!IsMore(sight.silent, sight.nodes, rules.lost_nodes_percent)) {
    return Answer(sight.nodes == 0 ? ClusterLife::kUnsure : ClusterLife::kAlive,
                  sight.nodes == 0 ? "no agent has ever spoken for a node of it"
                                   : absl::StrCat(sight.nodes - sight.silent, " of ",
                                                  Count(sight.nodes, "node"), " speak to the coordinator"),
                  sight.nodes == 0 ? Confidence::kNone : Confidence::kHigh);
  }
  // ---- signs of life elsewhere ----
  bool gateway_denies = false;
  for (const GatewayVoice& gateway : sight.gateways) {
    if (!gateway.read) continue;
    if (gateway.checks && gateway.servers_up > 0) {
      return Answer(
          ClusterLife::kCutOff,
          absl::StrCat(Count(gateway.servers_up, "server"), " of it answer gateway ", gateway.gateway),
          Confidence::kHigh);
    }
    if (gateway.answered > 0) {
      return Answer(ClusterLife::kCutOff,
                    absl::StrCat("it has answered ", Count(gateway.answered, "request"), " through gateway ",
                                 gateway.gateway, " meanwhile"),
                    Confidence::kHigh);
    }
    gateway_denies = gateway_denies || gateway.checks;
  }
  const Outside outside = Gather(sight);
  if (!outside.api_reached_by.empty()) {
    return Answer(ClusterLife::kCutOff, absl::StrCat(outside.api_reached_by, " reaches its API"),
                  Confidence::kHigh);
  }
  if (!outside.nodes_reached.empty() &&
      !IsMore(sight.tried - std::min(sight.tried, outside.nodes_reached.size()), sight.tried,
              rules.lost_nodes_percent)) {
    return Answer(ClusterLife::kCutOff,
                  absl::StrCat(Count(outside.nodes_reached.size(), "node"), " of it ",
                               outside.nodes_reached.size() == 1 ? "is" : "are",
                               " reached from elsewhere: ", SomeNames(outside.nodes_reached)),
                  Confidence::kHigh);
  }
  // ---- what is missing for a loss ----
  if (sight.now - sight.api_away_since < rules.api_away_for) {
    return Answer(ClusterLife::kUnsure, "its API has been away for a moment only");
  }
  if (!sight.api_known) {
    return Answer(ClusterLife::kUnsure,
                  "where other clusters reach its API is not known: say so in the policy (api_address)");
  }
  if (outside.api_denied_by.empty()) {
    return Answer(ClusterLife::kUnsure,
                  outside.anybody_proven
                      ? "those who could tell have not answered, or do not reach their own neighbours either"
                      : "nobody who has reached it before can be asked: it may only be out of reach");
  }
  if (outside.domains.size() < 2 && !gateway_denies) {
    return Answer(ClusterLife::kUnsure, absl::StrCat("only ", NameOf(*outside.api_denied_by.begin()),
                                                     " says that it is gone, and no gateway's checks agree"));
  }
  if (!IsMore(outside.nodes_denied.size(), sight.tried, rules.lost_nodes_percent)) {
    return Answer(ClusterLife::kUnsure, absl::StrCat("only ", OfTheTried(outside.nodes_denied.size(), sight),
                                                     " did not answer from elsewhere"));
  }
  const bool many = outside.domains.size() >= 2;
  return Answer(
      ClusterLife::kLost,
      absl::StrCat("its API and ", OfTheTried(outside.nodes_denied.size(), sight),
                   " answer neither the coordinator nor ", CountWitnesses(outside.api_denied_by.size()),
                   " elsewhere", gateway_denies ? ", and none of its servers answers a gateway" : ""),
      many && gateway_denies ? Confidence::kHigh : Confidence::kMedium);
}

}  // namespace evenkeel::coordinator
