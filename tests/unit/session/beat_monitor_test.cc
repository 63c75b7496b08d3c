#include "coordinator/session/beat_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace evenkeel::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const absl::Time kStart = absl::FromUnixSeconds(1'700'000'000);
constexpr absl::Duration kSecond = absl::Seconds(1);

class BeatMonitorTest : public ::testing::Test {
 protected:
  // Turns as often as the monitor wants to be turned, up to `until`; returns all that were overdue.
  std::vector<uint64_t> TurnUntil(absl::Time until) {
    std::vector<uint64_t> overdue;
    while (now_ < until) {
      now_ = std::min(until, std::max(monitor_.NextTurn(), now_ + absl::Milliseconds(1)));
      for (const uint64_t id : monitor_.Turn(now_).overdue) overdue.push_back(id);
    }
    return overdue;
  }

  absl::Time now_ = kStart;
  BeatMonitor monitor_{{.interval = kSecond, .suspect_after = 3 * kSecond}, kStart};
};

// A session is overdue as soon as suspect_after has passed since its last beat, not before, and is told once.
TEST_F(BeatMonitorTest, SilenceIsToldOnceWhenTheDeadlinePasses) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  monitor_.Beat(session, kStart + absl::Milliseconds(50));

  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3049)), IsEmpty());
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3050)), ElementsAre(1));
  EXPECT_THAT(TurnUntil(kStart + 10 * kSecond), IsEmpty());
}

// A beat moves the deadline of its own session and of no other.
TEST_F(BeatMonitorTest, OnlyTheSilentOneIsOverdue) {
  BeatMonitor::Watched* beating = monitor_.Watch("blue", 1, now_);
  monitor_.Watch("blue", 2, now_);
  std::vector<uint64_t> overdue;
  for (int second = 1; second <= 5; ++second) {
    for (const uint64_t id : TurnUntil(kStart + second * kSecond)) overdue.push_back(id);
    monitor_.Beat(beating, now_);
  }
  EXPECT_THAT(overdue, ElementsAre(2));
}

// A beat after the deadline says that the session had been overdue, once, and starts a new deadline.
TEST_F(BeatMonitorTest, ABeatBringsAnOverdueSessionBack) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  EXPECT_THAT(TurnUntil(kStart + 4 * kSecond), ElementsAre(1));

  EXPECT_TRUE(monitor_.Beat(session, now_));
  EXPECT_FALSE(monitor_.Beat(session, now_));
  EXPECT_THAT(TurnUntil(kStart + 7 * kSecond), ElementsAre(1));
}

// A forgotten session is never told, whether it was overdue or not.
TEST_F(BeatMonitorTest, AForgottenSessionIsNotOverdue) {
  BeatMonitor::Watched* waiting = monitor_.Watch("blue", 1, now_);
  monitor_.Forget(waiting);
  BeatMonitor::Watched* overdue = monitor_.Watch("blue", 2, now_);
  EXPECT_THAT(TurnUntil(kStart + 5 * kSecond), ElementsAre(2));
  monitor_.Forget(overdue);
  EXPECT_THAT(TurnUntil(kStart + 10 * kSecond), IsEmpty());
}

// L2: a turn that comes more than kLateness too late accuses nobody; every deadline counts anew from it.
TEST_F(BeatMonitorTest, ALateTurnAccusesNobody) {
  monitor_.Watch("blue", 1, now_);
  EXPECT_THAT(TurnUntil(kStart + kSecond), IsEmpty());

  now_ = kStart + 30 * kSecond;
  const BeatMonitor::TurnResult late = monitor_.Turn(now_);
  EXPECT_THAT(late.overdue, IsEmpty());
  EXPECT_EQ(late.late, 29 * kSecond - BeatMonitor::kTurnInterval);

  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond - absl::Milliseconds(1)), IsEmpty());
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(1)), ElementsAre(1));
}

// A turn that is late by less than that judges as usual.
TEST_F(BeatMonitorTest, ATurnThatIsALittleLateJudges) {
  monitor_.Watch("blue", 1, now_);
  EXPECT_THAT(TurnUntil(kStart + 3 * kSecond - absl::Milliseconds(10)), IsEmpty());
  const BeatMonitor::TurnResult result =
      monitor_.Turn(now_ + BeatMonitor::kTurnInterval + BeatMonitor::kLateness);
  EXPECT_THAT(result.overdue, ElementsAre(1));
  EXPECT_EQ(result.late, absl::ZeroDuration());
}

// Each cluster has its own settings, and a change is told as such once.
TEST_F(BeatMonitorTest, ClustersHaveTheirOwnSettings) {
  const BeatMonitor::Settings quick{absl::Milliseconds(200), absl::Milliseconds(600)};
  EXPECT_TRUE(monitor_.Set("green", quick, now_));
  EXPECT_FALSE(monitor_.Set("green", quick, now_));
  EXPECT_EQ(monitor_.SettingsOf("green"), quick);
  EXPECT_EQ(monitor_.SettingsOf("blue").interval, kSecond);

  TurnUntil(kStart + 3 * kSecond);  // the time in which the old settings' patience still holds
  monitor_.Watch("blue", 1, now_);
  monitor_.Watch("green", 2, now_);
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(600)), ElementsAre(2));
}

// Agents that still beat as slowly as they were told before are not overdue by a new, shorter deadline.
TEST_F(BeatMonitorTest, AShorterDeadlineWaitsUntilTheAgentsKnowOfIt) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  TurnUntil(kStart + absl::Milliseconds(900));
  monitor_.Set("blue", {absl::Milliseconds(100), absl::Milliseconds(300)}, now_);
  EXPECT_THAT(TurnUntil(kStart + 2 * kSecond), IsEmpty());
  monitor_.Beat(session, now_);
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3800)), IsEmpty());
  monitor_.Beat(session, now_);
  // From here on the shorter one holds.
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(301)), ElementsAre(1));
}

}  // namespace
}  // namespace evenkeel::coordinator
