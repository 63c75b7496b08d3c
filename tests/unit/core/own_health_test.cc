// L2: the coordinator's own slowness gives everybody more time, by table and through the core.

#include "coordinator/core/own_health.h"

#include <string>
#include <variant>

#include "coordinator/core/core.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kMs = absl::Milliseconds(1);

// What each delay counts.
TEST(OwnHealthTest, EachDelayHasItsPoints) {
  const struct {
    DelaySource source;
    int delay_ms;
    uint32_t points;
  } table[] = {
      {DelaySource::kLoop, 0, 0},        {DelaySource::kLoop, 99, 0},     {DelaySource::kLoop, 100, 1},
      {DelaySource::kLoop, 249, 1},      {DelaySource::kLoop, 250, 2},    {DelaySource::kLoop, 500, 3},
      {DelaySource::kLoop, 60000, 3},    {DelaySource::kSessions, 99, 0}, {DelaySource::kSessions, 100, 1},
      {DelaySource::kSessions, 1000, 3}, {DelaySource::kStore, 249, 0},   {DelaySource::kStore, 250, 1},
      {DelaySource::kStore, 1000, 2},    {DelaySource::kStore, 60000, 2}, {DelaySource::kWatch, 0, 2},
      {DelaySource::kLoop, -5, 0},
  };
  for (const auto& row : table) {
    EXPECT_EQ(DelayPoints(row.source, row.delay_ms * kMs), row.points)
        << static_cast<int>(row.source) << " " << row.delay_ms;
  }
}

// Points add up to a bound, and each two quiet seconds take one off; the worst delay is what is named.
TEST(OwnHealthTest, PatienceGrowsAndEases) {
  OwnHealth health;
  EXPECT_EQ(PatiencePercent(health), 100u);
  EXPECT_FALSE(NoteDelay(health, DelaySource::kLoop, 50 * kMs, kStart));
  EXPECT_TRUE(NoteDelay(health, DelaySource::kSessions, 300 * kMs, kStart));
  EXPECT_EQ(PatiencePercent(health), 200u);
  EXPECT_TRUE(NoteDelay(health, DelaySource::kStore, 300 * kMs, kStart + kSameStall));
  EXPECT_EQ(PatiencePercent(health), 250u);
  EXPECT_EQ(health.reason, "the coordinator read the agents' beats 300 ms late");
  absl::Time last = kStart;
  for (int i = 2; i < 12; ++i) {
    last = kStart + i * kSameStall;
    NoteDelay(health, DelaySource::kWatch, {}, last);
  }
  EXPECT_EQ(PatiencePercent(health), 400u);
  EXPECT_FALSE(NoteDelay(health, DelaySource::kLoop, 100 * kMs, last));  // at its bound

  EXPECT_FALSE(Ease(health, last + kEaseAfter - kMs));
  EXPECT_TRUE(Ease(health, last + kEaseAfter));
  EXPECT_EQ(PatiencePercent(health), 350u);
  EXPECT_TRUE(Ease(health, last + 3 * kEaseAfter));
  EXPECT_EQ(PatiencePercent(health), 250u);
  EXPECT_TRUE(Ease(health, kStart + absl::Hours(1)));
  EXPECT_EQ(PatiencePercent(health), 100u);
  EXPECT_EQ(health.reason, "");
  EXPECT_FALSE(Ease(health, kStart + absl::Hours(2)));
}

// One stall that several notice is one stall: the worst of what they saw counts.
TEST(OwnHealthTest, OneStallCountsOnce) {
  OwnHealth health;
  EXPECT_TRUE(NoteDelay(health, DelaySource::kLoop, 300 * kMs, kStart));
  EXPECT_TRUE(NoteDelay(health, DelaySource::kSessions, 600 * kMs, kStart + 5 * kMs));
  EXPECT_FALSE(NoteDelay(health, DelaySource::kStore, absl::Seconds(2), kStart + 10 * kMs));
  EXPECT_EQ(PatiencePercent(health), 250u);
  EXPECT_TRUE(NoteDelay(health, DelaySource::kLoop, 100 * kMs, kStart + kSameStall));
  EXPECT_EQ(PatiencePercent(health), 300u);
}

class PatienceTest : public testing::Test {
 protected:
  void SetUp() override { Do(ClusterAdded{"local"}); }

  void Do(const Event& event) {
    for (const Effects effects = core_.Step(event, now_); const Notice& notice : effects.notices) {
      if (const auto* patience = std::get_if<PatienceChanged>(&notice)) told_ = *patience;
    }
  }
  // With the ticks that the core asks for.
  void Pass(absl::Duration by) {
    for (const absl::Time end = now_ + by; now_ < end;) {
      now_ = std::min(end, core_.NextDeadline());
      Do(Tick{});
    }
  }

  absl::Time now_ = kStart;
  Core core_{Restored{.epoch = 1, .open_decisions = {}, .nodes = {}, .policies = {}}, kStart};
  PatienceChanged told_;
};

// A loop that is late by a fraction of a second is answered by more patience, not by blindness, and it is
// said.
TEST_F(PatienceTest, ALateLoopGivesEverybodyMoreTime) {
  Pass(absl::Seconds(1));
  now_ = core_.NextDeadline() + 300 * kMs;
  const Effects effects = core_.Step(Tick{}, now_);
  ASSERT_EQ(effects.requests.size(), 1u);
  EXPECT_EQ(std::get<SetBeats>(effects.requests[0]).patience_percent, 200u);
  ASSERT_EQ(effects.notices.size(), 1u);
  const auto& told = std::get<PatienceChanged>(effects.notices[0]);
  EXPECT_EQ(told.percent, 200u);
  EXPECT_EQ(told.reason, "the coordinator's loop was 300 ms late");
}

// What others noticed counts the same, and all is as before after quiet time.
TEST_F(PatienceTest, QuietTimeEndsIt) {
  Do(OwnDelay{DelaySource::kStore, absl::Seconds(2)});
  EXPECT_EQ(told_.percent, 200u);
  EXPECT_EQ(told_.reason, "the coordinator's store took 2.0 s to write");
  Pass(kEaseAfter);
  EXPECT_EQ(told_.percent, 150u);
  Pass(kEaseAfter);
  EXPECT_EQ(told_.percent, 100u);
  EXPECT_EQ(told_.reason, "");
}

// A delay is of the coordinator and not of a cluster: each is told.
TEST_F(PatienceTest, EveryClusterIsTold) {
  Do(ClusterAdded{"other"});
  const Effects effects = core_.Step(OwnDelay{DelaySource::kWatch, {}}, now_);
  EXPECT_EQ(effects.requests.size(), 2u);
  EXPECT_EQ(effects.notices.size(), 2u);
}

}  // namespace
}  // namespace evenkeel::coordinator
