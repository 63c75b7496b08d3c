// What makes a node GRAY, by table: which symptoms count, for how long they must last, and what does not.

#include "coordinator/core/sickness.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'767'225'600);

Symptom Lasting(SymptomKind kind, uint32_t figure = 0) {
  return {kind, "it is sick", figure, std::nullopt};
}

Symptom Seen(SymptomKind kind, uint32_t figure, absl::Duration at) {
  return {kind, "it is sick", figure, kStart + at};
}

// A floor is the least that counts; what has no figure counts by being there.
TEST(SicknessTest, CountsFromItsFloorOn) {
  const GrayPolicy policy;  // 60 %, 5 kills, 3 errors
  const struct {
    Symptom symptom;
    bool counts;
  } table[] = {
      {Lasting(SymptomKind::kKubelet), true},
      {Lasting(SymptomKind::kRuntime), true},
      {Lasting(SymptomKind::kPleg), true},
      {Lasting(SymptomKind::kReadOnlyDisk), true},
      {Lasting(SymptomKind::kHungDisk), true},
      {Lasting(SymptomKind::kMemoryStall, 50), false},
      {Lasting(SymptomKind::kMemoryStall, 60), true},
      {Seen(SymptomKind::kIoErrors, 2, absl::ZeroDuration()), false},
      {Seen(SymptomKind::kIoErrors, 3, absl::ZeroDuration()), true},
      {Seen(SymptomKind::kOomKills, 4, absl::ZeroDuration()), false},
      {Seen(SymptomKind::kOomKills, 5, absl::ZeroDuration()), true},
      {Seen(SymptomKind::kHungTask, 0, absl::ZeroDuration()), true},
      // What happened holds for a while after the last time, and no longer.
      {Seen(SymptomKind::kHungTask, 0, -absl::Minutes(20) + absl::Seconds(1)),
       true},  // people are called after 15
      {Seen(SymptomKind::kHungTask, 0, -absl::Minutes(20)), false},
      {Seen(SymptomKind::kIoErrors, 9, -kOccurrenceHolds), false},
      {Seen(SymptomKind::kOomKills, 9, -kOomKillHolds), false},
      {Seen(SymptomKind::kReadOnlyDisk, 0, -absl::Minutes(20) + absl::Seconds(1)), true},
      {Seen(SymptomKind::kReadOnlyDisk, 0, -absl::Minutes(20)), false},
  };
  for (const auto& row : table) {
    EXPECT_EQ(Counts(row.symptom, policy, kStart), row.counts)
        << static_cast<int>(row.symptom.kind) << " with " << row.symptom.figure;
  }
}

// A symptom makes the node GRAY when it has lasted for the policy's time, not before, and says when that is.
TEST(SicknessTest, ABlipIsNoSickness) {
  GrayPolicy policy;
  policy.after = absl::Seconds(30);
  Sickness sickness;
  sickness.all_known = true;
  sickness.told = {Lasting(SymptomKind::kRuntime)};
  const SicknessJudgement first = JudgeSickness(sickness, policy, kStart);
  EXPECT_FALSE(first.gray);
  EXPECT_EQ(first.next, kStart + absl::Seconds(30));
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + absl::Seconds(29)).gray);

  sickness.told.clear();  // well again, for a moment
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + absl::Seconds(29)).gray);
  EXPECT_EQ(sickness.well_since, kStart + absl::Seconds(29));

  sickness.told = {Lasting(SymptomKind::kRuntime)};
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + absl::Seconds(31)).gray);
  EXPECT_FALSE(sickness.well_since.has_value());
  EXPECT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(61)).gray);
}

// A node that is GRAY stays it while anything counts, be it another symptom that has only just begun; it is
// well when nothing does.
TEST(SicknessTest, StaysGrayWhileAnythingCounts) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.told = {Lasting(SymptomKind::kRuntime)};
  JudgeSickness(sickness, policy, kStart);
  ASSERT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(30)).gray);
  sickness.told = {Lasting(SymptomKind::kPleg)};
  EXPECT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(31)).gray);
  sickness.told.clear();
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + absl::Seconds(32)).gray);
}

// Errors and kills must go on for the policy's time: one burst, however large, is none. The kernel's own
// judgement, a hung task or a remount, counts at once.
TEST(SicknessTest, WhatHappensMustGoOnHappening) {
  const GrayPolicy policy;  // 30 s
  Sickness burst;
  burst.told = {Seen(SymptomKind::kOomKills, 40, absl::ZeroDuration())};
  JudgeSickness(burst, policy, kStart);
  EXPECT_FALSE(JudgeSickness(burst, policy, kStart + absl::Seconds(40)).gray);

  Sickness storm;
  storm.told = {Seen(SymptomKind::kOomKills, 10, absl::ZeroDuration())};
  JudgeSickness(storm, policy, kStart);
  storm.told = {Seen(SymptomKind::kOomKills, 20, absl::Seconds(30))};
  EXPECT_TRUE(JudgeSickness(storm, policy, kStart + absl::Seconds(30)).gray);
  // And it ends by itself, a while after the last.
  EXPECT_FALSE(JudgeSickness(storm, policy, kStart + absl::Seconds(30) + kOomKillHolds).gray);

  Sickness hung;
  hung.told = {Seen(SymptomKind::kHungTask, 0, absl::ZeroDuration())};
  const SicknessJudgement judgement = JudgeSickness(hung, policy, kStart);
  EXPECT_TRUE(judgement.gray);
  EXPECT_EQ(judgement.next, kStart + Holds(SymptomKind::kHungTask, policy));
}

// L1: a kubelet that was restarted, and whose certificate cannot be verified, is seen sick once and is then
// not known. However long that lasts, and however often it happens, it is no sickness.
TEST(SicknessTest, AMomentThatNobodySeesTheEndOfIsNoSickness) {
  const GrayPolicy policy;  // 30 s
  for (const SymptomKind kind : {SymptomKind::kKubelet, SymptomKind::kRuntime, SymptomKind::kPleg}) {
    Sickness sickness;
    sickness.all_known = true;
    for (const absl::Duration restart : {absl::ZeroDuration(), absl::Minutes(2), absl::Minutes(4)}) {
      sickness.told = {Lasting(kind)};
      EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + restart).gray);
      const absl::Duration unknown = restart + absl::Seconds(1);
      sickness.told = {Seen(kind, 0, unknown)};
      const SicknessJudgement judgement = JudgeSickness(sickness, policy, kStart + unknown);
      EXPECT_FALSE(judgement.gray);
      EXPECT_EQ(judgement.next, absl::InfiniteFuture());
      EXPECT_TRUE(Counting(sickness, policy, kStart + unknown).empty());
      EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + restart + absl::Seconds(90)).gray);
    }
  }
}

// Nor is it one on a node that is GRAY for something else: its kubelet is not restarted for it.
TEST(SicknessTest, AMomentBesideASicknessDoesNotCountOn) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.told = {Lasting(SymptomKind::kKubelet), Lasting(SymptomKind::kReadOnlyDisk)};
  JudgeSickness(sickness, policy, kStart);
  sickness.told[0] = Seen(SymptomKind::kKubelet, 0, absl::Seconds(1));
  JudgeSickness(sickness, policy, kStart + absl::Seconds(1));
  EXPECT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(30)).gray);
  const std::vector<Symptom> counting = Counting(sickness, policy, kStart + absl::Seconds(30));
  ASSERT_EQ(counting.size(), 1U);
  EXPECT_EQ(counting.front().kind, SymptomKind::kReadOnlyDisk);
}

// A part that was sick for long enough and cannot be looked at any more is not well at once, and not sick for
// ever.
TEST(SicknessTest, UnknownIsSickForAWhileAfterASickness) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.all_known = true;
  sickness.told = {Lasting(SymptomKind::kKubelet)};
  JudgeSickness(sickness, policy, kStart);
  ASSERT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(30)).gray);
  sickness.told = {Seen(SymptomKind::kKubelet, 0, absl::Seconds(40))};
  const SicknessJudgement judgement = JudgeSickness(sickness, policy, kStart + absl::Seconds(40));
  EXPECT_TRUE(judgement.gray);
  EXPECT_EQ(judgement.next, kStart + absl::Seconds(40) + kUnknownPatience);
  EXPECT_TRUE(JudgeSickness(sickness, policy, judgement.next - absl::Seconds(1)).gray);
  EXPECT_FALSE(JudgeSickness(sickness, policy, judgement.next).gray);
  EXPECT_EQ(sickness.well_since, judgement.next);
}

// What happened is told once: it counts on in another session, for as long as it would have in its own. What
// lasts is found again, or is no more.
TEST(SicknessTest, WhatHappenedCountsInTheNextSession) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.all_known = true;
  sickness.told = {Lasting(SymptomKind::kMemoryStall, 90),
                   Seen(SymptomKind::kHungTask, 0, absl::ZeroDuration()),
                   Seen(SymptomKind::kKubelet, 0, absl::ZeroDuration())};
  for (const uint64_t session : {2, 3}) {  // from one to the next
    ForgetTimes(sickness);
    BeginSession(sickness, policy, session, kStart + absl::Seconds(session));
    sickness.told.clear();
    const SicknessJudgement judgement = JudgeSickness(sickness, policy, kStart + absl::Seconds(session));
    EXPECT_TRUE(judgement.gray);
    ASSERT_EQ(judgement.symptoms.size(), 1U);
    EXPECT_EQ(judgement.symptoms.front().kind, SymptomKind::kHungTask);
    EXPECT_EQ(judgement.next, kStart + Holds(SymptomKind::kHungTask, policy));
  }
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + Holds(SymptomKind::kHungTask, policy)).gray);
}

// A new agent counts from nothing: what it has counted so far does not hide what was counted before.
TEST(SicknessTest, ANewCountDoesNotHideTheOldOne) {
  const GrayPolicy policy;  // 3 errors
  Sickness sickness;
  sickness.told = {Seen(SymptomKind::kIoErrors, 9, absl::ZeroDuration())};
  BeginSession(sickness, policy, 2, kStart);
  sickness.told = {Seen(SymptomKind::kIoErrors, 1, absl::Seconds(1))};
  EXPECT_EQ(JudgeSickness(sickness, policy, kStart + absl::Seconds(1)).symptoms.front().figure, 9U);
  sickness.told = {Seen(SymptomKind::kIoErrors, 3, absl::Seconds(2))};
  EXPECT_EQ(JudgeSickness(sickness, policy, kStart + absl::Seconds(2)).symptoms.front().figure, 3U);
}

// The kernel says once that a task hangs or a file system was remounted: the node is GRAY until people were
// called, and a while longer, whatever the policy's time for that is.
TEST(SicknessTest, WhatIsSaidOnceHoldsUntilPeopleWereCalled) {
  GrayPolicy policy;
  policy.escalate_after = absl::Hours(2);
  for (const SymptomKind kind : {SymptomKind::kHungTask, SymptomKind::kReadOnlyDisk}) {
    Sickness sickness;
    sickness.told = {Seen(kind, 0, absl::ZeroDuration())};
    EXPECT_TRUE(JudgeSickness(sickness, policy, kStart).gray);
    EXPECT_TRUE(JudgeSickness(sickness, policy, kStart + policy.escalate_after).gray);
    EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + policy.escalate_after + kOccurrenceHolds).gray);
  }
}

// The time until people are called may begin late, or stand for hours: what is said once holds until then,
// and for as long after it as after anything that happens.
TEST(SicknessTest, WhatIsSaidOnceHoldsWhileTheNodeIsCaredFor) {
  const GrayPolicy policy;  // 15 min
  const absl::Time called = kStart + absl::Hours(3);
  Sickness sickness;
  sickness.told = {Seen(SymptomKind::kHungTask, 0, absl::ZeroDuration()),
                   Seen(SymptomKind::kIoErrors, 9, absl::ZeroDuration())};
  sickness.in_care = true;
  JudgeSickness(sickness, policy, kStart);
  const SicknessJudgement judgement = JudgeSickness(sickness, policy, called);
  EXPECT_TRUE(judgement.gray);
  EXPECT_EQ(judgement.symptoms.size(), 1U);  // errors go by themselves
  EXPECT_EQ(judgement.next, absl::InfiniteFuture());
  sickness.in_care = false;
  sickness.escalated = called;
  EXPECT_EQ(JudgeSickness(sickness, policy, called).next, called + kOccurrenceHolds);
  EXPECT_TRUE(JudgeSickness(sickness, policy, called + kOccurrenceHolds - absl::Seconds(1)).gray);
  EXPECT_FALSE(JudgeSickness(sickness, policy, called + kOccurrenceHolds).gray);
}

// Silence says nothing of health: what was known before it has to last for the whole time again.
TEST(SicknessTest, TimesStartAgainAfterSilence) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.told = {Lasting(SymptomKind::kKubelet)};
  JudgeSickness(sickness, policy, kStart);
  ASSERT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(30)).gray);
  ForgetTimes(sickness);
  EXPECT_FALSE(JudgeSickness(sickness, policy, kStart + absl::Seconds(31)).gray);
  EXPECT_TRUE(JudgeSickness(sickness, policy, kStart + absl::Seconds(61)).gray);
}

// A node is well when its agent has looked at every part of it and found nothing; what cannot be looked at is
// no bar for ever.
TEST(SicknessTest, NothingFoundIsNotYetWell) {
  const GrayPolicy policy;
  Sickness sickness;
  sickness.first_report = kStart;
  const SicknessJudgement judgement = JudgeSickness(sickness, policy, kStart);
  EXPECT_FALSE(sickness.well_since.has_value());
  EXPECT_EQ(judgement.next, kStart + kUnknownPatience);
  JudgeSickness(sickness, policy, kStart + kUnknownPatience);
  EXPECT_EQ(sickness.well_since, kStart + kUnknownPatience);

  Sickness known;
  known.first_report = kStart;
  known.all_known = true;
  JudgeSickness(known, policy, kStart);
  EXPECT_EQ(known.well_since, kStart);
}

}  // namespace
}  // namespace evenkeel::coordinator
