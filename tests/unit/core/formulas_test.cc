// The small formulas, by table: ids, beats, pauses, holds, deadlines.

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/beats.h"
#include "coordinator/core/carry_out.h"
#include "coordinator/core/ids.h"
#include "coordinator/core/sight.h"
#include "coordinator/core/timers.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

// An id has one spelling, and only that is parsed.
TEST(DecisionIdTest, IsParsedFromItsOneSpelling) {
  EXPECT_EQ((DecisionId{7, 12}).ToString(), "7-12");
  EXPECT_EQ(*DecisionId::Parse("7-12"), (DecisionId{7, 12}));
  EXPECT_EQ(*DecisionId::Parse("18446744073709551615-1"), (DecisionId{UINT64_MAX, 1}));
  for (const char* wrong : {"", "-", "7", "7-", "-12", "07-12", "7-012", "7-0", "0-7", "7--12", "7-12-1",
                            " 7-12", "7-12 ", "+7-12", "7-18446744073709551616", "decisions/7-12"}) {
    EXPECT_EQ(DecisionId::Parse(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

// Ids rise with epoch first, then with number, so that the newest sorts last.
TEST(DecisionIdTest, SortsByTime) {
  EXPECT_LT((DecisionId{1, 99}), (DecisionId{2, 1}));
  EXPECT_LT((DecisionId{2, 9}), (DecisionId{2, 10}));
}

// Small fleets beat five times a second; large ones send no more than 1000 beats a second, and no node is
// slower than 5 s.
TEST(BeatsTest, IntervalGrowsWithTheFleet) {
  const struct {
    size_t nodes;
    absl::Duration interval;
  } table[] = {
      {0, absl::Milliseconds(200)},   {1, absl::Milliseconds(200)},     {200, absl::Milliseconds(200)},
      {201, absl::Milliseconds(300)}, {300, absl::Milliseconds(300)},   {301, absl::Milliseconds(400)},
      {1000, absl::Seconds(1)},       {1001, absl::Milliseconds(1100)}, {5000, absl::Seconds(5)},
      {5001, absl::Seconds(5)},       {100000, absl::Seconds(5)}};
  for (const auto& row : table) EXPECT_EQ(DefaultBeatInterval(row.nodes), row.interval) << row.nodes;
}

// Up to the cap, no fleet sends more than 1000 beats a second.
TEST(BeatsTest, NoFleetUpToTheCapSendsMoreThanAThousandBeatsASecond) {
  for (size_t nodes = 201; nodes <= 5000; nodes += 7) {
    EXPECT_GE(DefaultBeatInterval(nodes) * 1000, absl::Seconds(static_cast<int64_t>(nodes))) << nodes;
  }
}

// What the policy says counts before every default.
TEST(BeatsTest, PolicyCountsBeforeDefaults) {
  FailoverPolicy policy;
  EXPECT_EQ(BeatInterval(policy, 1000), absl::Seconds(1));
  EXPECT_EQ(SuspectAfter(policy, absl::Milliseconds(50)), absl::Milliseconds(500));
  EXPECT_EQ(SuspectAfter(policy, absl::Milliseconds(200)), absl::Milliseconds(600));
  EXPECT_EQ(SuspectAfter(policy, absl::Milliseconds(500)), absl::Milliseconds(1500));
  EXPECT_EQ(SuspectAfter(policy, absl::Seconds(1)), absl::Milliseconds(2500));
  EXPECT_EQ(SuspectAfter(policy, absl::Seconds(5)), absl::Milliseconds(10500));
  EXPECT_EQ(MaxSuspectAfter(policy, absl::Milliseconds(600)), absl::Milliseconds(1800));
  policy.max_suspect_after = absl::Seconds(1);
  EXPECT_EQ(MaxSuspectAfter(policy, absl::Milliseconds(600)), absl::Seconds(1));
  EXPECT_EQ(MaxSuspectAfter(policy, absl::Seconds(2)), absl::Seconds(2));  // the fleet has grown since
  policy.beat_interval = absl::Milliseconds(100);
  policy.suspect_after = absl::Milliseconds(250);
  EXPECT_EQ(BeatInterval(policy, 1000), absl::Milliseconds(100));
  EXPECT_EQ(SuspectAfter(policy, absl::Milliseconds(100)), absl::Milliseconds(250));
}

// A silent node is checked every second, and less often once it has been silent for a minute.
TEST(BeatsTest, ChecksGetRarerAfterAMinute) {
  EXPECT_EQ(CheckPause(absl::ZeroDuration()), absl::Seconds(1));
  EXPECT_EQ(CheckPause(absl::Seconds(60) - absl::Nanoseconds(1)), absl::Seconds(1));
  EXPECT_EQ(CheckPause(absl::Seconds(60)), absl::Seconds(5));
}

// A stall holds verdicts back for twice the silence that makes suspect, and for two seconds at least.
TEST(SightTest, StallHoldsVerdictsBack) {
  EXPECT_EQ(StallHold(absl::Milliseconds(600)), absl::Seconds(2));
  EXPECT_EQ(StallHold(absl::Seconds(15)), absl::Seconds(30));
}

// What is blocked is asked again after 1, 2, 4, ... and at most 30 s.
TEST(CarryOutTest, PausesDoubleUpToHalfAMinute) {
  std::vector<int64_t> seconds;
  for (absl::Duration pause = NextPause(absl::ZeroDuration()); seconds.size() < 7; pause = NextPause(pause)) {
    seconds.push_back(absl::ToInt64Seconds(pause));
  }
  EXPECT_EQ(seconds, (std::vector<int64_t>{1, 2, 4, 8, 16, 30, 30}));
}

// Deadlines come out in order of time, each subject's latest setting counts, and none comes early.
TEST(TimersTest, DeadlinesComeInOrder) {
  const absl::Time t = absl::FromUnixSeconds(100);
  const TimerKey a{TimerKind::kCheck, {"c", "a"}, {}};
  const TimerKey b{TimerKind::kCheck, {"c", "b"}, {}};
  Timers timers;
  EXPECT_EQ(timers.Next(), absl::InfiniteFuture());
  timers.Set(a, t + absl::Seconds(1));
  timers.Set(b, t + absl::Seconds(2));
  timers.Set(a, t + absl::Seconds(3));
  EXPECT_EQ(timers.Next(), t + absl::Seconds(2));
  EXPECT_FALSE(timers.PopDue(t + absl::Seconds(1)));
  EXPECT_EQ(timers.PopDue(t + absl::Seconds(5)), b);
  timers.Clear(a);
  timers.Clear(a);
  EXPECT_FALSE(timers.PopDue(t + absl::Seconds(5)));
}

}  // namespace
}  // namespace evenkeel::coordinator
