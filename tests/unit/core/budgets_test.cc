// The figures behind the guards.

#include "coordinator/core/budgets.h"

#include <cstddef>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'767'225'600);

// The budget is the larger of the number and the percentage, which is rounded down.
TEST(BudgetsTest, NodesAreTheLargerOfNumberAndPercentage) {
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

// A domain's number is the cluster's unless the policy says another; a third of it may be out.
TEST(BudgetsTest, DomainsFollowTheClusterUnlessToldOtherwise) {
  FailoverPolicy policy;
  const struct { size_t nodes, budget; } defaults[] = {{1, 1}, {3, 1}, {6, 1}, {7, 2}, {10, 3}, {100, 33}};
  for (const auto& row : defaults) EXPECT_EQ(DomainBudget(policy, row.nodes), row.budget) << row.nodes;
  policy.max_unavailable_nodes = 4;
  EXPECT_EQ(DomainBudget(policy, 5), 4u);
  policy.limits.max_unavailable_nodes_per_domain = 2;
  EXPECT_EQ(DomainBudget(policy, 5), 2u);
  policy.limits.max_unavailable_percent_per_domain = 100;
  EXPECT_EQ(DomainBudget(policy, 5), 5u);
}

// Half of the nodes, rounded down, and never less than one.
TEST(BudgetsTest, HalfOfTheNodesMustBeHealthy) {
  FailoverPolicy policy;
  const struct { size_t nodes, least; } defaults[] = {{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 2}, {100, 50}};
  for (const auto& row : defaults) EXPECT_EQ(LeastHealthy(policy, row.nodes), row.least) << row.nodes;
  policy.limits.min_healthy_nodes = 3;
  EXPECT_EQ(LeastHealthy(policy, 4), 3u);
  policy.limits.min_healthy_percent = 0;
  policy.limits.min_healthy_nodes = 0;
  EXPECT_EQ(LeastHealthy(policy, 4), 0u);
}

// Without a word of the policy: five, or as many as may be out at once.
TEST(BudgetsTest, RateGrowsWithTheBudget) {
  FailoverPolicy policy;
  EXPECT_EQ(ClusterRate(policy, 3).most, 5u);
  EXPECT_EQ(ClusterRate(policy, 500).most, 50u);
  EXPECT_EQ(DomainRate(policy, 500).most, 50u);
  policy.limits.max_disruptions = 2;
  EXPECT_EQ(ClusterRate(policy, 500).most, 2u);
  EXPECT_EQ(DomainRate(policy, 500).most, 2u);
  policy.limits.max_disruptions_per_domain = 1;
  EXPECT_EQ(DomainRate(policy, 500).most, 1u);
}

// So many at once, then one each window / most, and after a calm window all again.
TEST(RateTest, IsATokenBucket) {
  const Rate rate{3, absl::Minutes(6)};
  absl::Time booked = absl::InfinitePast();
  for (const size_t left : {3, 2, 1}) {
    EXPECT_EQ(Left(rate, booked, kNow), left);
    EXPECT_EQ(UntilNext(rate, booked, kNow), absl::ZeroDuration());
    booked = Book(rate, booked, kNow);
  }
  EXPECT_EQ(Left(rate, booked, kNow), 0u);
  EXPECT_EQ(UntilNext(rate, booked, kNow), absl::Minutes(2));
  EXPECT_EQ(Left(rate, booked, kNow + absl::Minutes(2) - absl::Seconds(1)), 0u);
  EXPECT_EQ(Left(rate, booked, kNow + absl::Minutes(2)), 1u);
  EXPECT_EQ(Left(rate, booked, kNow + absl::Minutes(5)), 2u);
  EXPECT_EQ(Left(rate, booked, kNow + absl::Minutes(6)), 3u);
  EXPECT_EQ(Left(rate, booked, kNow + absl::Hours(1)), 3u);
}

// However they come, less than twice `most` within any window.
TEST(RateTest, BoundsWhatHappensInAnyWindow) {
  const Rate rate{5, absl::Minutes(5)};
  absl::Time booked = absl::InfinitePast();
  size_t taken = 0;
  for (absl::Time at = kNow; at < kNow + rate.window; at += absl::Seconds(1)) {
    if (Left(rate, booked, at) == 0) continue;
    booked = Book(rate, booked, at);
    ++taken;
  }
  EXPECT_EQ(taken, 9u);  // five at once, and one each minute afterwards
}

// A rate of nothing allows nothing, for ever.
TEST(RateTest, NothingIsNothing) {
  const Rate never{0, absl::Minutes(5)};
  EXPECT_EQ(Left(never, absl::InfinitePast(), kNow), 0u);
  EXPECT_EQ(UntilNext(never, absl::InfinitePast(), kNow), absl::InfiniteDuration());
}

// A booking from before the clock was set back, or from under a longer window, blocks for a window and not
// for ever.
TEST(RateTest, BookingInTheFarFutureIsBounded) {
  const Rate rate{2, absl::Minutes(5)};
  const absl::Time booked = kNow + absl::Hours(24 * 365);
  EXPECT_EQ(Left(rate, booked, kNow), 0u);
  EXPECT_EQ(UntilNext(rate, booked, kNow), absl::Minutes(2.5));
  EXPECT_EQ(Book(rate, booked, kNow), kNow + rate.window);
}

}  // namespace
}  // namespace evenkeel::coordinator
