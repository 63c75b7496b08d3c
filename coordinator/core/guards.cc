#include "coordinator/core/guards.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

GuardAnswer Mode(const GuardFacts& facts) {
  const bool enforce = facts.policy.mode == PolicyMode::kEnforce;
  const std::string source = facts.policy_name.empty() ? "no policy is applied, so the default holds"
                                                       : "policy " + facts.policy_name;
  return {"mode", enforce,
          absl::StrCat(source, ": ", enforce ? "enforce" : "observe, which decides and does nothing")};
}

GuardAnswer Api(const GuardFacts& facts) {
  return {"api", facts.api_reachable,
          facts.api_reachable ? "the Kubernetes API answers and its watches are fresh"
                              : absl::StrCat("the Kubernetes API cannot be relied on: ", facts.api_detail)};
}

GuardAnswer OwnSight(const GuardFacts& facts) {
  return {"sight", !facts.blind, facts.blind ? facts.blind_reason : "the coordinator trusts what it sees"};
}

GuardAnswer Budget(const GuardFacts& facts) {
  const size_t budget = NodeBudget(facts.policy, facts.nodes);
  return {"node-budget", facts.failed_over < budget,
          absl::StrCat(Count(facts.failed_over, "other node"), " of ", facts.nodes,
                       facts.failed_over == 1 ? " is" : " are", " failed over and not back; with this one ",
                       facts.failed_over + 1, " of at most ", budget)};
}

GuardAnswer OneIntent(const GuardFacts& facts) {
  return {"one-intent", facts.open_decision.empty(),
          facts.open_decision.empty()
              ? "nothing else is under way on this node"
              : absl::StrCat("decision ", facts.open_decision, " is under way on this node")};
}

}  // namespace

size_t NodeBudget(const FailoverPolicy& policy, size_t nodes) {
  return std::max<size_t>(policy.max_unavailable_nodes, nodes * policy.max_unavailable_percent / 100);
}

GuardFacts FactsForGuards(const Cluster& cluster, const Node& node) {
  GuardFacts facts;
  facts.policy = cluster.policy;
  facts.policy_name = cluster.policy_name;
  facts.api_reachable = cluster.sight.api_reachable;
  facts.api_detail = cluster.sight.api_detail;
  facts.blind = cluster.sight.blind;
  facts.blind_reason = cluster.sight.reason;
  facts.nodes = cluster.size;
  facts.failed_over = cluster.failed_over.size() - cluster.failed_over.count(node.key.node);
  if (node.open_decision) facts.open_decision = node.open_decision->ToString();
  return facts;
}

std::vector<GuardAnswer> AskGuards(const GuardFacts& facts) {
  return {Mode(facts), Api(facts), OwnSight(facts), Budget(facts), OneIntent(facts)};
}

const GuardAnswer* FirstRefusal(const std::vector<GuardAnswer>& answers) {
  const auto refusal =
      std::find_if(answers.begin(), answers.end(), [](const GuardAnswer& a) { return !a.allowed; });
  return refusal == answers.end() ? nullptr : &*refusal;
}

}  // namespace evenkeel::coordinator
