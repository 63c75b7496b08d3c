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
      for (const BeatMonitor::Overdue& told : monitor_.Turn(now_).overdue) overdue.push_back(told.session_id);
    }
    return overdue;
  }

  absl::Time now_ = kStart;
  // Beats evenly at `interval`, from now to `until`, with turns in between; all the others stay silent.
  std::vector<uint64_t> BeatUntil(BeatMonitor::Watched* session, absl::Duration interval, absl::Time until) {
    std::vector<uint64_t> overdue;
    while (now_ < until) {
      for (const uint64_t id : TurnUntil(std::min(until, now_ + interval))) overdue.push_back(id);
      monitor_.Beat(session, now_);
    }
    return overdue;
  }

  BeatMonitor monitor_{{.interval = kSecond, .suspect_after = 3 * kSecond, .max_suspect_after = 9 * kSecond},
                       kStart};
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
  EXPECT_TRUE(late.anew);
  EXPECT_EQ(late.late, 29 * kSecond - BeatMonitor::kTurnInterval);

  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond - absl::Milliseconds(1)), IsEmpty());
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(1)), ElementsAre(1));
}

// L2: a turn that is late by less than that excuses everybody for the time that it was late by, and says so;
// what is silent for longer is still found.
TEST_F(BeatMonitorTest, ATurnThatIsALittleLateExcusesItsLateness) {
  monitor_.Watch("blue", 2, now_ - absl::Milliseconds(300));
  monitor_.Watch("blue", 1, now_);
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(2500)), IsEmpty());
  now_ += BeatMonitor::kTurnInterval + absl::Milliseconds(200);
  const BeatMonitor::TurnResult result = monitor_.Turn(now_);
  EXPECT_EQ(result.late, absl::Milliseconds(200));
  EXPECT_FALSE(result.anew);
  EXPECT_THAT(result.overdue, IsEmpty());
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(2900)), ElementsAre(2));
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3199)), IsEmpty());
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3200)), ElementsAre(1));
}

// A node whose beats come unevenly is given more time than one that beats evenly, and never more than
// max_suspect_after; and what it was given is told.
TEST_F(BeatMonitorTest, AnUnevenRhythmIsGivenMoreTime) {
  BeatMonitor::Watched* even = monitor_.Watch("blue", 1, now_);
  BeatMonitor::Watched* uneven = monitor_.Watch("blue", 2, now_);
  for (int i = 0; i < 60; ++i) {
    TurnUntil(now_ + kSecond);
    monitor_.Beat(even, now_);
    if (i % 2 == 1) monitor_.Beat(uneven, now_);
    if (i % 4 == 1) monitor_.Beat(uneven, now_);
  }
  std::vector<BeatMonitor::Overdue> overdue;
  const absl::Time silent_since = now_;
  std::vector<absl::Duration> when;
  while (overdue.size() < 2 && now_ < silent_since + absl::Seconds(30)) {
    now_ = std::max(monitor_.NextTurn(), now_ + absl::Milliseconds(1));
    for (const BeatMonitor::Overdue& told : monitor_.Turn(now_).overdue) {
      overdue.push_back(told);
      when.push_back(now_ - silent_since);
    }
  }
  ASSERT_EQ(overdue.size(), 2u);
  EXPECT_EQ(overdue[0].session_id, 1u);
  EXPECT_EQ(overdue[0].bound, 3 * kSecond);
  EXPECT_EQ(when[0], 3 * kSecond);
  EXPECT_EQ(overdue[1].session_id, 2u);
  EXPECT_GT(overdue[1].bound, 5 * kSecond);
  EXPECT_LE(overdue[1].bound, 9 * kSecond);
  EXPECT_EQ(when[1], overdue[1].bound);
}

// One gap that turned out to be harmless is enough for the next of its kind to be forgiven; quiet time brings
// the floor back.
TEST_F(BeatMonitorTest, AHarmlessGapIsForgivenTheNextTime) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  BeatUntil(session, kSecond, now_ + 20 * kSecond);
  EXPECT_THAT(TurnUntil(now_ + 4 * kSecond), ElementsAre(1));
  EXPECT_TRUE(monitor_.Beat(session, now_));
  BeatUntil(session, kSecond, now_ + 3 * kSecond);
  EXPECT_THAT(TurnUntil(now_ + 4 * kSecond), IsEmpty());
  EXPECT_FALSE(monitor_.Beat(session, now_));
  BeatUntil(session, kSecond, now_ + 300 * kSecond);
  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond), ElementsAre(1));
}

// A single outage, however long, buys one step or two; were it taken for a rhythm, a node that dies a little
// later would be found late.
TEST_F(BeatMonitorTest, OneOutageCostsTheNextDetectionLittle) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  BeatUntil(session, kSecond, now_ + 20 * kSecond);
  EXPECT_THAT(TurnUntil(now_ + 9 * kSecond), ElementsAre(1));
  EXPECT_TRUE(monitor_.Beat(session, now_));
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(5500)), ElementsAre(1));
}

// A silence that no patience could have excused is an outage and teaches no rhythm.
TEST_F(BeatMonitorTest, AnOutageTeachesNothing) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  monitor_.Beat(session, now_);
  TurnUntil(now_ + 600 * kSecond);
  monitor_.Beat(session, now_);
  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond), ElementsAre(1));
}

// Our own slowness gives everybody more time, at once, and its end takes that away at once.
TEST_F(BeatMonitorTest, PatienceMultipliesEverybodysBound) {
  BeatMonitor::Settings settings = monitor_.SettingsOf("blue");
  settings.patience_percent = 200;
  monitor_.Watch("blue", 1, now_);
  TurnUntil(now_ + 2 * kSecond);
  EXPECT_FALSE(monitor_.Set("blue", settings, now_));  // nothing that agents need to know
  EXPECT_THAT(TurnUntil(kStart + 5 * kSecond), IsEmpty());
  settings.patience_percent = 100;
  monitor_.Set("blue", settings, now_);
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(1)), ElementsAre(1));
}

// A rhythm belongs to the interval at which it was learnt.
TEST_F(BeatMonitorTest, ANewIntervalIsANewRhythm) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  BeatUntil(session, kSecond, now_ + 10 * kSecond);
  EXPECT_TRUE(monitor_.Set("blue", {3 * kSecond, 9 * kSecond, 9 * kSecond}, now_));
  BeatUntil(session, 3 * kSecond, now_ + 9 * kSecond);
  EXPECT_TRUE(monitor_.Set("blue", {kSecond, 3 * kSecond, 9 * kSecond}, now_));
  TurnUntil(now_ + kSecond);
  monitor_.Beat(session, now_);  // the gap spans both: not learnt
  BeatUntil(session, kSecond, now_ + 9 * kSecond);
  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond), ElementsAre(1));
}

// A turn that set all anew teaches nobody's rhythm: the gap that it saw was our own.
TEST_F(BeatMonitorTest, OurOwnGapTeachesNothing) {
  BeatMonitor::Watched* session = monitor_.Watch("blue", 1, now_);
  BeatUntil(session, kSecond, now_ + 10 * kSecond);
  now_ += 8 * kSecond;
  monitor_.Beat(session, now_);  // read before the turn, as it waited
  EXPECT_TRUE(monitor_.Turn(now_).anew);
  monitor_.Beat(session, now_ + absl::Milliseconds(1));
  EXPECT_THAT(TurnUntil(now_ + 3 * kSecond + absl::Milliseconds(1)), ElementsAre(1));
}

// Each cluster has its own settings, and a change is told as such once.
TEST_F(BeatMonitorTest, ClustersHaveTheirOwnSettings) {
  const BeatMonitor::Settings quick{absl::Milliseconds(200), absl::Milliseconds(600),
                                    absl::Milliseconds(1800)};
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
  monitor_.Set("blue", {absl::Milliseconds(100), absl::Milliseconds(300), absl::Milliseconds(300)}, now_);
  EXPECT_THAT(TurnUntil(kStart + 2 * kSecond), IsEmpty());
  monitor_.Beat(session, now_);
  EXPECT_THAT(TurnUntil(kStart + absl::Milliseconds(3800)), IsEmpty());
  monitor_.Beat(session, now_);
  // From here on the shorter one holds.
  EXPECT_THAT(TurnUntil(now_ + absl::Milliseconds(301)), ElementsAre(1));
}

}  // namespace
}  // namespace evenkeel::coordinator
