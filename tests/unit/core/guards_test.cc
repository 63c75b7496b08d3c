// The brakes before every plan.

#include "coordinator/core/guards.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

GuardFacts AllWell() {
  GuardFacts facts;
  facts.policy.mode = PolicyMode::kEnforce;
  facts.policy_name = "failover";
  facts.api_reachable = true;
  facts.nodes = 3;
  return facts;
}

// The budget is the larger of the number and the percentage, which is rounded down.
TEST(NodeBudgetTest, TheLargerOfNumberAndPercentage) {
  const struct {
    uint32_t number, percent;
    size_t nodes, budget;
  } table[] = {{1, 10, 3, 1},   {1, 10, 19, 1}, {1, 10, 20, 2}, {1, 10, 5000, 500}, {3, 10, 20, 3},
               {1, 0, 5000, 1}, {0, 0, 100, 0}, {0, 10, 9, 0},  {2, 50, 5, 2},      {1, 10, 0, 1}};
  for (const auto& row : table) {
    FailoverPolicy policy;
    policy.max_unavailable_nodes = row.number;
    policy.max_unavailable_percent = row.percent;
    EXPECT_EQ(NodeBudget(policy, row.nodes), row.budget)
        << row.number << " " << row.percent << " % of " << row.nodes;
  }
}

// Each guard answers in its place, whether it refuses or not.
TEST(AskGuardsTest, EachAnswersInOrder) {
  std::vector<std::string> names;
  for (const GuardAnswer& answer : AskGuards(AllWell())) {
    names.push_back(answer.guard);
    EXPECT_TRUE(answer.allowed) << answer.guard;
    EXPECT_FALSE(answer.reason.empty()) << answer.guard;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"mode", "api", "sight", "node-budget", "one-intent"}));
  EXPECT_EQ(FirstRefusal(AskGuards(AllWell())), nullptr);
}

std::string Refusing(const GuardFacts& facts) {
  const std::vector<GuardAnswer> answers = AskGuards(facts);
  const GuardAnswer* refusal = FirstRefusal(answers);
  return refusal == nullptr ? "" : refusal->guard + ": " + refusal->reason;
}

// Each guard refuses what it is there for, and says why with its figures.
TEST(AskGuardsTest, EachRefusesWithItsReason) {
  GuardFacts facts = AllWell();
  facts.policy.mode = PolicyMode::kObserve;
  EXPECT_EQ(Refusing(facts), "mode: policy failover: observe, which decides and does nothing");
  facts.policy_name.clear();
  EXPECT_EQ(Refusing(facts),
            "mode: no policy is applied, so the default holds: observe, which decides and does nothing");

  facts = AllWell();
  facts.api_reachable = false;
  facts.api_detail = "no answer for 5 s";
  EXPECT_EQ(Refusing(facts), "api: the Kubernetes API cannot be relied on: no answer for 5 s");

  facts = AllWell();
  facts.blind = true;
  facts.blind_reason = "2 of 3 nodes are silent at once";
  EXPECT_EQ(Refusing(facts), "sight: 2 of 3 nodes are silent at once");

  facts = AllWell();
  facts.failed_over = 1;
  EXPECT_EQ(Refusing(facts),
            "node-budget: 1 other node of 3 is failed over and not back; with this one 2 of at most 1");
  facts.policy.max_unavailable_nodes = 2;
  EXPECT_EQ(Refusing(facts), "");

  facts = AllWell();
  facts.open_decision = "3-7";
  EXPECT_EQ(Refusing(facts), "one-intent: decision 3-7 is under way on this node");
}

}  // namespace
}  // namespace evenkeel::coordinator
