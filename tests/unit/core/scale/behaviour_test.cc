// Rates and stabilisation windows, by the published rules and examples of the HPA v2.

#include "coordinator/core/scale/behaviour.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr RatePolicy::Kind kPods = RatePolicy::Kind::kPods;
constexpr RatePolicy::Kind kPercent = RatePolicy::Kind::kPercent;

absl::Time At(int64_t seconds) {
  return kStart + absl::Seconds(seconds);
}

// The defaults are those of autoscaling/v2.
TEST(BehaviourTest, DefaultsAreThoseOfTheHpa) {
  const Behaviour behaviour;
  EXPECT_EQ(behaviour.up.stabilisation, absl::ZeroDuration());
  EXPECT_EQ(behaviour.down.stabilisation, absl::Seconds(300));
  EXPECT_EQ(behaviour.up.policies,
            (std::vector<RatePolicy>{{kPercent, 100, absl::Seconds(15)}, {kPods, 4, absl::Seconds(15)}}));
  EXPECT_EQ(behaviour.down.policies, (std::vector<RatePolicy>{{kPercent, 100, absl::Seconds(15)}}));
  EXPECT_EQ(behaviour.up.select, SelectPolicy::kMax);
  EXPECT_EQ(behaviour.down.select, SelectPolicy::kMax);
}

// How far one change may go, with nothing changed before.
TEST(BehaviourTest, LimitsByTable) {
  const RatePolicy four_pods{kPods, 4, absl::Minutes(1)};
  const RatePolicy ten_percent{kPercent, 10, absl::Minutes(1)};
  const struct {
    const char* what;
    SelectPolicy select;
    std::vector<RatePolicy> policies;
    int64_t current;
    int64_t up;
    int64_t down;
  } table[] = {
      {"pods", SelectPolicy::kMax, {four_pods}, 10, 14, 6},
      {"percent, rounded for more change", SelectPolicy::kMax, {ten_percent}, 72, 80, 64},
      {"percent of few", SelectPolicy::kMax, {ten_percent}, 1, 2, 0},
      {"the one with most change: percent", SelectPolicy::kMax, {four_pods, ten_percent}, 80, 88, 72},
      {"the one with most change: pods", SelectPolicy::kMax, {four_pods, ten_percent}, 30, 34, 26},
      {"the one with least change: pods", SelectPolicy::kMin, {four_pods, ten_percent}, 80, 84, 76},
      {"the one with least change: percent", SelectPolicy::kMin, {four_pods, ten_percent}, 30, 33, 27},
      {"none at all", SelectPolicy::kDisabled, {four_pods, ten_percent}, 30, 30, 30},
      {"everything", SelectPolicy::kMax, {{kPercent, 100, absl::Seconds(15)}}, 30, 60, 0},
  };
  for (const auto& row : table) {
    const ScalingRules rules{.select = row.select, .policies = row.policies};
    EXPECT_EQ(UpLimit(rules, {}, row.current, kStart), row.up) << row.what;
    EXPECT_EQ(DownLimit(rules, {}, row.current, kStart), row.down) << row.what;
  }
}

// What was changed within a policy's period counts against it; changes of the other direction give it back.
TEST(BehaviourTest, APeriodRemembersItsChanges) {
  Behaviour behaviour;
  behaviour.up.policies = {{kPods, 4, absl::Minutes(1)}};
  behaviour.down.policies = {{kPods, 3, absl::Minutes(2)}};
  Changes changes;
  NoteChange(changes, 10, 13, behaviour, At(0));
  EXPECT_EQ(UpLimit(behaviour.up, changes, 13, At(30)), 14);
  NoteChange(changes, 13, 14, behaviour, At(30));
  EXPECT_EQ(UpLimit(behaviour.up, changes, 14, At(59)), 14);
  EXPECT_EQ(UpLimit(behaviour.up, changes, 14, At(60)), 17);  // the first has left the period
  EXPECT_EQ(UpLimit(behaviour.up, changes, 14, At(90)), 18);
  NoteChange(changes, 14, 12, behaviour, At(90));
  EXPECT_EQ(UpLimit(behaviour.up, changes, 12, At(91)), 18);     // 14 when the period began
  EXPECT_EQ(DownLimit(behaviour.down, changes, 12, At(91)), 7);  // 10 when it began
  EXPECT_EQ(DownLimit(behaviour.down, changes, 12, At(149)), 10);
}

// More than a policy allows may have been changed (by an older policy): the limit is then the present count.
TEST(BehaviourTest, ALimitIsNeverBehindThePresentCount) {
  Behaviour behaviour;
  Changes changes;
  NoteChange(changes, 10, 40, behaviour, At(0));
  behaviour.up.policies = {{kPods, 4, absl::Minutes(1)}};
  EXPECT_EQ(UpLimit(behaviour.up, changes, 40, At(1)), 40);
  changes.clear();
  NoteChange(changes, 40, 10, behaviour, At(0));
  behaviour.down.policies = {{kPods, 4, absl::Minutes(1)}};
  EXPECT_EQ(DownLimit(behaviour.down, changes, 10, At(1)), 10);
}

// A change that no period reaches any more is forgotten.
TEST(BehaviourTest, OldChangesAreForgotten) {
  const Behaviour behaviour;
  Changes changes;
  for (int i = 0; i < 1000; ++i) NoteChange(changes, i, i + 1, behaviour, At(i));
  EXPECT_EQ(changes.size(), 15u);
  NoteChange(changes, 5, 5, behaviour, At(2000));
  EXPECT_TRUE(changes.empty());
}

// The published stories: how a workload runs from one size to another when it is asked once a minute.
TEST(BehaviourTest, StoriesOfTheHpa) {
  const struct {
    const char* what;
    ScalingRules rules;
    std::vector<int64_t> sizes;
    int64_t goal;
  } table[] = {
      {"up as fast as possible, 900 % a minute",
       {.policies = {{kPercent, 900, absl::Minutes(1)}}},
       {1, 10, 100, 1000},
       1000},
      {"up one pod a minute", {.policies = {{kPods, 1, absl::Minutes(1)}}}, {1, 2, 3, 4, 5}, 5},
      {"down by 10 percent or 4 pods a minute",
       {.policies = {{kPods, 4, absl::Minutes(1)}, {kPercent, 10, absl::Minutes(1)}}},
       {80, 72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10},
       10},
      {"down not at all",
       {.select = SelectPolicy::kDisabled, .policies = {{kPods, 1, absl::Minutes(1)}}},
       {10, 10},
       1},
  };
  for (const auto& row : table) {
    Behaviour behaviour{.up = row.rules, .down = row.rules};
    Changes changes;
    int64_t size = row.sizes.front();
    for (size_t minute = 0; minute + 1 < row.sizes.size(); ++minute) {
      const absl::Time now = At(60 * static_cast<int64_t>(minute));
      const int64_t next = row.goal > size
                               ? std::min(row.goal, UpLimit(behaviour.up, changes, size, now))
                               : std::max(row.goal, DownLimit(behaviour.down, changes, size, now));
      EXPECT_EQ(next, row.sizes[minute + 1]) << row.what << ", minute " << minute;
      NoteChange(changes, size, next, behaviour, now);
      size = next;
    }
  }
}

// A window of scaling in holds the highest of what was wanted, one of scaling out the lowest, and what was
// wanted moves the count no further than that.
TEST(BehaviourTest, WindowsHoldTheBestOfTheirTime) {
  const struct {
    const char* what;
    absl::Duration up;
    absl::Duration down;
    std::vector<std::pair<int64_t, int64_t>> wanted;  // at second, replicas
    int64_t current;
    int64_t now;  // second
    int64_t wants;
    int64_t gets;
  } table[] = {
      {"down, a higher one is in the window",
       absl::ZeroDuration(),
       absl::Seconds(300),
       {{0, 9}, {100, 4}},
       10,
       200,
       3,
       9},
      {"down, it has left the window",
       absl::ZeroDuration(),
       absl::Seconds(300),
       {{0, 9}, {100, 4}},
       10,
       300,
       3,
       4},
      {"down, the window's highest is above the count",
       absl::ZeroDuration(),
       absl::Seconds(300),
       {{0, 12}},
       10,
       1,
       3,
       10},
      {"down without a window", absl::ZeroDuration(), absl::ZeroDuration(), {{0, 9}}, 10, 1, 3, 3},
      {"up without a window", absl::ZeroDuration(), absl::Seconds(300), {{0, 2}}, 2, 1, 8, 8},
      {"up, a lower one is in the window",
       absl::Seconds(60),
       absl::Seconds(300),
       {{0, 5}, {30, 9}},
       2,
       59,
       8,
       5},
      {"up, it has left the window", absl::Seconds(60), absl::Seconds(300), {{0, 5}, {30, 9}}, 2, 60, 8, 8},
      {"up, the window's lowest is below the count",
       absl::Seconds(60),
       absl::Seconds(300),
       {{0, 1}},
       2,
       1,
       8,
       2},
      {"the first of all", absl::Seconds(60), absl::Seconds(300), {}, 2, 0, 8, 8},
  };
  for (const auto& row : table) {
    Behaviour behaviour;
    behaviour.up.stabilisation = row.up;
    behaviour.down.stabilisation = row.down;
    Recommendations recommendations;
    for (const auto& [second, replicas] : row.wanted) {
      Forget(recommendations, behaviour, At(second));
      NoteWanted(recommendations, replicas, At(second));
    }
    EXPECT_EQ(Stabilised(recommendations, behaviour, row.current, row.wants, At(row.now)), row.gets)
        << row.what;
  }
}

// What is kept is what can still matter: compared with keeping everything, over a long and uneven run.
TEST(BehaviourTest, KeepsNoMoreThanItNeedsAndForgetsNothing) {
  Behaviour behaviour;
  behaviour.up.stabilisation = absl::Seconds(45);
  behaviour.down.stabilisation = absl::Seconds(300);
  Recommendations kept;
  std::vector<std::pair<absl::Time, int64_t>> all;
  uint32_t dice = 1;
  int64_t current = 10;
  for (int second = 0; second < 3000; ++second) {
    dice = dice * 1664525 + 1013904223;
    const int64_t wants = 1 + static_cast<int64_t>(dice >> 16) % 20;
    int64_t low = wants;
    int64_t high = wants;
    for (const auto& [time, replicas] : all) {
      if (time > At(second) - behaviour.up.stabilisation) low = std::min(low, replicas);
      if (time > At(second) - behaviour.down.stabilisation) high = std::max(high, replicas);
    }
    Forget(kept, behaviour, At(second));
    const int64_t gets = Stabilised(kept, behaviour, current, wants, At(second));
    ASSERT_EQ(gets, std::min(std::max(current, low), high)) << second;
    NoteWanted(kept, wants, At(second));
    all.emplace_back(At(second), wants);
    current = gets;
    ASSERT_LE(kept.lowest.size(), 20u);
    ASSERT_LE(kept.highest.size(), 20u);
  }
}

}  // namespace
}  // namespace evenkeel::coordinator
