// The brakes before every plan.

#include "coordinator/core/guards.h"

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01 00:00 UTC

GuardFacts AllWell() {
  GuardFacts facts;
  facts.now = kNow;
  facts.policy.mode = PolicyMode::kEnforce;
  facts.policy_name = "failover";
  facts.api_reachable = true;
  facts.nodes = 3;
  facts.healthy = 2;
  facts.domain = "zone-a";
  facts.domains = 3;
  facts.domain_nodes = 1;
  return facts;
}

std::vector<std::string> Names(const GuardFacts& facts) {
  std::vector<std::string> names;
  for (const GuardAnswer& answer : AskGuards(facts)) names.push_back(answer.guard);
  return names;
}

// Each guard answers in its place, whether it refuses or not.
TEST(AskGuardsTest, EachAnswersInOrder) {
  const std::vector<std::string> all = {"mode",  "pause",       "maintenance", "api",
                                        "sight", "cool-down",   "node-budget", "domain-budget",
                                        "rate",  "min-healthy", "one-intent"};
  EXPECT_EQ(Names(AllWell()), all);
  for (const GuardAnswer& answer : AskGuards(AllWell())) {
    EXPECT_TRUE(answer.allowed) << answer.guard;
    EXPECT_FALSE(answer.reason.empty()) << answer.guard;
  }
  EXPECT_EQ(FirstRefusal(AskGuards(AllWell())), nullptr);

  GuardFacts nothing;  // all that can refuse does
  nothing.now = kNow;
  nothing.pause = Pause{.cluster = "local", .start = kNow};
  nothing.maintenance = Maintenance{.start = kNow, .end = kNow};
  nothing.blind = true;
  nothing.storm = kNow;
  nothing.out = 1;
  nothing.domains = 2;
  nothing.domain = "zone-a";
  nothing.domain_out = 1;
  nothing.policy.limits.max_disruptions = 0;
  nothing.open_decision = "1-1";
  EXPECT_EQ(Names(nothing), all);
  for (const GuardAnswer& answer : AskGuards(nothing)) EXPECT_FALSE(answer.allowed) << answer.guard;
}

// Each kind of disruption is asked what concerns it: what takes no node out of service needs no budget of
// nodes, and what ends a disruption needs no mode.
TEST(AskGuardsTest, EachKindIsAskedWhatConcernsIt) {
  const std::vector<std::string> everything = Names(AllWell());
  GuardFacts facts = AllWell();
  facts.kind = DisruptionKind::kDrain;
  EXPECT_EQ(Names(facts), everything);
  facts.kind = DisruptionKind::kRepair;
  EXPECT_EQ(Names(facts), (std::vector<std::string>{"mode", "pause", "maintenance", "api", "sight",
                                                    "cool-down", "rate", "one-intent"}));
  facts.kind = DisruptionKind::kReadmission;
  EXPECT_EQ(Names(facts), (std::vector<std::string>{"pause", "maintenance", "api", "sight", "one-intent"}));
  facts.kind = DisruptionKind::kRebalance;
  EXPECT_EQ(Names(facts),
            (std::vector<std::string>{"mode", "pause", "maintenance", "api", "sight", "one-intent"}));
}

struct Row {
  std::function<void(GuardFacts&)> change;
  const char* refusal;  // "" = none
};

// Each guard refuses what it is there for, and says why with its figures.
TEST(AskGuardsTest, EachRefusesWithItsReason) {
  const Row rows[] = {
      {[](GuardFacts& f) { f.policy.mode = PolicyMode::kObserve; },
       "mode: policy failover: observe, which decides and does nothing"},
      {[](GuardFacts& f) {
         f.policy.mode = PolicyMode::kObserve;
         f.policy_name.clear();
       },
       "mode: no policy is applied, so the default holds: observe, which decides and does nothing"},
      {[](GuardFacts& f) { f.pause = Pause{.cluster = "local", .start = kNow}; },
       "pause: an operator has paused the cluster until it is resumed"},
      {[](GuardFacts& f) {
         f.pause =
             Pause{.cluster = "local", .start = kNow, .end = kNow + absl::Hours(1), .reason = "network work"};
       },
       "pause: an operator has paused the cluster until 2026-01-01 01:00 UTC (network work)"},
      {[](GuardFacts& f) {
         f.maintenance = Maintenance{.start = kNow, .end = kNow + absl::Minutes(90), .reason = "new disk"};
       },
       "maintenance: the node is under maintenance until 2026-01-01 01:30 UTC (new disk)"},
      {[](GuardFacts& f) {
         f.api_reachable = false;
         f.api_detail = "no answer for 5 s";
       },
       "api: the Kubernetes API cannot be relied on: no answer for 5 s"},
      {[](GuardFacts& f) {
         f.blind = true;
         f.blind_reason = "2 of 3 nodes are silent at once";
       },
       "sight: 2 of 3 nodes are silent at once"},
      {[](GuardFacts& f) {
         f.storm = kNow - absl::Seconds(12);
         f.storm_reason = "3 of 9 nodes were silent at once";
       },
       "cool-down: the last storm was 12 s ago (3 of 9 nodes were silent at once); 30 s of calm are needed "
       "after "
       "one"},
      {[](GuardFacts& f) { f.storm = kNow - absl::Seconds(30); }, ""},
      {[](GuardFacts& f) { f.out = 1; },
       "node-budget: 1 other node of 3 is out of service; with this one 2 of at most 1"},
      {[](GuardFacts& f) {
         f.out = 1;
         f.policy.max_unavailable_nodes = 2;
       },
       ""},
      {[](GuardFacts& f) {
         f.out = 1;
         f.absorbed = 2;
       },
       "node-budget: 1 other node of 3 is out of service; with this one 2 of at most 1; 2 more do not count "
       "any "
       "longer: what they carried has been Ready elsewhere for 10 min"},
      {[](GuardFacts& f) {
         f.nodes = 40;
         f.healthy = 38;
         f.domain_nodes = 4;
         f.out = f.domain_out = 1;
       },
       "domain-budget: 1 other node of 4 in zone-a is out of service; with this one 2 of at most 1"},
      {[](GuardFacts& f) {  // the only domain there is: the cluster's budget says it all
         f.nodes = 40;
         f.healthy = 38;
         f.domain_nodes = 40;
         f.domains = 1;
         f.out = f.domain_out = 3;
       },
       ""},
      {[](GuardFacts& f) {
         f.policy.limits.max_disruptions = 2;
         f.booked_until = kNow + absl::Seconds(290);
       },
       "rate: nodes that may be disrupted: 0 of 2 within 5 min left, one more in 2 min; in zone-a: 2 of 2 "
       "within "
       "5 min left"},
      {[](GuardFacts& f) {
         f.policy.limits.max_disruptions_per_domain = 1;
         f.domain_booked_until = kNow + absl::Seconds(60);
       },
       "rate: nodes that may be disrupted: 5 of 5 within 5 min left; in zone-a: 0 of 1 within 5 min left, "
       "one more "
       "in 60 s"},
      {[](GuardFacts& f) {  // it was counted when it was taken out
         f.policy.limits.max_disruptions = 0;
         f.is_booked = true;
       },
       ""},
      {[](GuardFacts& f) {
         f.nodes = 4;
         f.healthy = 1;
       },
       "min-healthy: 1 of 4 nodes is healthy without this one; at least 2 must be"},
      {[](GuardFacts& f) { f.open_decision = "3-7"; }, "one-intent: decision 3-7 is under way on this node"},
  };
  for (const Row& row : rows) {
    GuardFacts facts = AllWell();
    row.change(facts);
    const std::vector<GuardAnswer> answers = AskGuards(facts);
    const GuardAnswer* refusal = FirstRefusal(answers);
    EXPECT_EQ(refusal == nullptr ? "" : refusal->guard + ": " + refusal->reason, row.refusal);
  }
}

// Safe by default, and of use by default: of two nodes, and of three, one may always be failed over.
TEST(AskGuardsTest, SmallClustersMayLoseOneNode) {
  for (const size_t nodes : {2, 3}) {
    GuardFacts facts = AllWell();
    facts.nodes = nodes;
    facts.healthy = nodes - 1;
    EXPECT_EQ(FirstRefusal(AskGuards(facts)), nullptr) << nodes;
    facts.out = 1;
    facts.healthy = nodes - 2;
    EXPECT_NE(FirstRefusal(AskGuards(facts)), nullptr) << nodes;
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
