#include "coordinator/core/guards.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/budgets.h"
#include "coordinator/core/domain_sight.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/turn.h"

namespace evenkeel::coordinator {
namespace {

// "is" or "are".
const char* Be(size_t number) {
  return number == 1 ? "is" : "are";
}

GuardAnswer Mode(const GuardFacts& facts) {
  const bool enforce = facts.policy.mode == PolicyMode::kEnforce;
  const std::string source = facts.policy_name.empty() ? "no policy is applied, so the default holds"
                                                       : "policy " + facts.policy_name;
  return {"mode", enforce,
          absl::StrCat(source, ": ", enforce ? "enforce" : "observe, which decides and does nothing")};
}

GuardAnswer Paused(const GuardFacts& facts) {
  if (!facts.pause) return {"pause", true, "nobody has paused the cluster"};
  const Pause& pause = *facts.pause;
  return {"pause", false,
          absl::StrCat(
              "an operator has paused the cluster ",
              pause.end == absl::InfiniteFuture() ? "until it is resumed" : "until " + SayTime(pause.end),
              Because(pause.reason))};
}

GuardAnswer UnderMaintenance(const GuardFacts& facts) {
  if (!facts.maintenance) return {"maintenance", true, "the node is not under maintenance"};
  return {"maintenance", false,
          absl::StrCat("the node is under maintenance until ", SayTime(facts.maintenance->end),
                       Because(facts.maintenance->reason))};
}

GuardAnswer Api(const GuardFacts& facts) {
  return {"api", facts.api_reachable,
          facts.api_reachable ? "the Kubernetes API answers and its watches are fresh"
                              : absl::StrCat("the Kubernetes API cannot be relied on: ", facts.api_detail)};
}

GuardAnswer OwnSight(const GuardFacts& facts) {
  return {"sight", !facts.blind, facts.blind ? facts.blind_reason : "the coordinator trusts what it sees"};
}

GuardAnswer CoolDown(const GuardFacts& facts) {
  const absl::Duration need = facts.policy.limits.storm_cool_down;
  const absl::Duration calm = facts.now - facts.storm;
  if (facts.storm == absl::InfinitePast()) {
    return {"cool-down", true, "there has been no storm: never were too many nodes silent at once"};
  }
  return {"cool-down", calm >= need,
          absl::StrCat("the last storm was ", Say(calm), " ago", Because(facts.storm_reason), "; ", Say(need),
                       " of calm are needed after one")};
}

std::string Absorbed(const GuardFacts& facts) {
  if (facts.absorbed == 0) return "";
  return absl::StrCat("; ", facts.absorbed, facts.absorbed == 1 ? " more does" : " more do",
                      " not count any longer: what ", facts.absorbed == 1 ? "it" : "they",
                      " carried has been Ready elsewhere for ",
                      Say(facts.policy.limits.release_budget_after));
}

GuardAnswer Budget(const GuardFacts& facts) {
  const size_t budget = NodeBudget(facts.policy, facts.nodes);
  return {"node-budget", facts.out < budget,
          absl::StrCat(Count(facts.out, "other node"), " of ", facts.nodes, " ", Be(facts.out),
                       " out of service; with this one ", facts.out + 1, " of at most ", budget,
                       Absorbed(facts))};
}

GuardAnswer BudgetOfDomain(const GuardFacts& facts) {
  if (facts.domain.empty()) {
    return {"domain-budget", true,
            "the node's failure domain is not known: the cluster's budget says it all"};
  }
  if (facts.domains < 2) {
    return {"domain-budget", true,
            absl::StrCat("all nodes are in ", facts.domain, ": the cluster's budget says it all")};
  }
  const size_t budget = DomainBudget(facts.policy, facts.domain_nodes);
  return {"domain-budget", facts.domain_out < budget,
          absl::StrCat(Count(facts.domain_out, "other node"), " of ", facts.domain_nodes, " in ",
                       facts.domain, " ", Be(facts.domain_out), " out of service; with this one ",
                       facts.domain_out + 1, " of at most ", budget)};
}

std::string RateText(const Rate& rate, absl::Time booked_until, absl::Time now) {
  std::string text =
      absl::StrCat(Left(rate, booked_until, now), " of ", rate.most, " within ", Say(rate.window), " left");
  const absl::Duration wait = UntilNext(rate, booked_until, now);
  if (wait > absl::ZeroDuration() && wait < absl::InfiniteDuration()) {
    absl::StrAppend(&text, ", one more in ", Say(wait));
  }
  return text;
}

GuardAnswer RateOf(const GuardFacts& facts) {
  if (facts.is_booked) {
    return {"rate", true, "the node is counted already: it is not counted twice"};
  }
  const Rate cluster = ClusterRate(facts.policy, facts.nodes);
  bool allowed = Left(cluster, facts.booked_until, facts.now) > 0;
  std::string reason =
      absl::StrCat("nodes that may be disrupted: ", RateText(cluster, facts.booked_until, facts.now));
  if (!facts.domain.empty() && facts.domains > 1) {
    const Rate domain = DomainRate(facts.policy, facts.nodes);
    allowed = allowed && Left(domain, facts.domain_booked_until, facts.now) > 0;
    absl::StrAppend(&reason, "; in ", facts.domain, ": ",
                    RateText(domain, facts.domain_booked_until, facts.now));
  }
  return {"rate", allowed, std::move(reason)};
}

GuardAnswer Healthy(const GuardFacts& facts) {
  const size_t least = LeastHealthy(facts.policy, facts.nodes);
  return {"min-healthy", facts.healthy >= least,
          absl::StrCat(facts.healthy, " of ", Count(facts.nodes, "node"), " ", Be(facts.healthy),
                       " healthy without this one; at least ", least, " must be")};
}

GuardAnswer OneIntent(const GuardFacts& facts) {
  return {"one-intent", facts.open_decision.empty(),
          facts.open_decision.empty()
              ? "nothing else is under way on this node"
              : absl::StrCat("decision ", facts.open_decision, " is under way on this node")};
}

// Which guards a kind of disruption is asked.
struct Asked {
  bool mode = true;
  bool pace = true;    // cool-down and rate
  bool amount = true;  // budgets and health
};
Asked AskedOf(DisruptionKind kind) {
  switch (kind) {
    case DisruptionKind::kFailover:
    case DisruptionKind::kDrain:
      return {};
    case DisruptionKind::kRepair:
      return {.mode = true, .pace = true, .amount = false};
    case DisruptionKind::kReadmission:
      return {.mode = false, .pace = false, .amount = false};
    case DisruptionKind::kRebalance:
      return {.mode = true, .pace = false, .amount = false};
  }
  return {};
}

// Counted in the rates when it was taken out, or when the care began in which it died.
bool IsBooked(const Node& node) {
  return node.standing.out || node.standing.absorbed || (node.silence && node.silence->booked);
}

absl::Time Find(const std::map<std::string, absl::Time>& times, const std::string& name) {
  const auto found = times.find(name);
  return found == times.end() ? absl::InfinitePast() : found->second;
}

}  // namespace

GuardFacts FactsForGuards(const Cluster& cluster, const Node& node, DisruptionKind kind, absl::Time now) {
  GuardFacts facts;
  facts.kind = kind;
  facts.now = now;
  facts.policy = cluster.policy;
  facts.policy_name = cluster.policy_name;
  facts.pause = cluster.record.pause;
  if (const auto found = cluster.maintenance.find(node.key.node); found != cluster.maintenance.end()) {
    facts.maintenance = found->second;
  }
  facts.api_reachable = cluster.sight.api_reachable;
  facts.api_detail = cluster.sight.api_detail;
  facts.blind = IsBlindTo(cluster, node);
  facts.blind_reason = BlindReason(cluster, node);
  facts.storm = cluster.record.storm;
  facts.storm_reason = cluster.record.storm_reason;
  facts.nodes = cluster.size;
  const Standing& standing = node.standing;
  const Standings& all = cluster.standings;
  facts.is_booked = IsBooked(node);
  facts.out = all.out.size() - (standing.out ? 1 : 0);
  facts.absorbed = all.absorbed - (standing.absorbed ? 1 : 0);
  facts.healthy = all.healthy - (standing.healthy ? 1 : 0);
  facts.domain = standing.domain;
  facts.domains = all.domains.size();
  if (const auto domain = all.domains.find(standing.domain); domain != all.domains.end()) {
    facts.domain_nodes = domain->second.nodes;
    facts.domain_out = domain->second.out - (standing.out ? 1 : 0);
  }
  facts.booked_until = cluster.record.booked_until;
  facts.domain_booked_until = Find(cluster.record.domain_booked_until, standing.domain);
  if (node.open_decision) facts.open_decision = node.open_decision->ToString();
  return facts;
}

std::vector<GuardAnswer> AskGuards(const GuardFacts& facts) {
  const Asked asked = AskedOf(facts.kind);
  std::vector<GuardAnswer> answers;
  if (asked.mode) answers.push_back(Mode(facts));
  answers.push_back(Paused(facts));
  answers.push_back(UnderMaintenance(facts));
  answers.push_back(Api(facts));
  answers.push_back(OwnSight(facts));
  if (asked.pace) answers.push_back(CoolDown(facts));
  if (asked.amount) {
    answers.push_back(Budget(facts));
    answers.push_back(BudgetOfDomain(facts));
  }
  if (asked.pace) answers.push_back(RateOf(facts));
  if (asked.amount) answers.push_back(Healthy(facts));
  answers.push_back(OneIntent(facts));
  return answers;
}

const GuardAnswer* FirstRefusal(const std::vector<GuardAnswer>& answers) {
  const auto refusal =
      std::find_if(answers.begin(), answers.end(), [](const GuardAnswer& a) { return !a.allowed; });
  return refusal == answers.end() ? nullptr : &*refusal;
}

void BookDisruption(Turn& turn, const Node& node) {
  if (IsBooked(node)) return;
  Cluster& cluster = turn.ClusterOf(node);
  ClusterRecord& record = cluster.record;
  record.booked_until = Book(ClusterRate(cluster.policy, cluster.size), record.booked_until, turn.now);
  // What is free again need not be remembered.
  std::erase_if(record.domain_booked_until, [&turn](const auto& entry) { return entry.second <= turn.now; });
  if (const std::string& domain = node.standing.domain; !domain.empty()) {
    absl::Time& booked = record.domain_booked_until.try_emplace(domain, absl::InfinitePast()).first->second;
    booked = Book(DomainRate(cluster.policy, cluster.size), booked, turn.now);
  }
  turn.RecordChanged(cluster);
}

}  // namespace evenkeel::coordinator
