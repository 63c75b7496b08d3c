// When a scaler looks, and what it is told then.

#include "coordinator/core/scale/look.h"

#include <set>

#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

class LookTest : public ScaleFixture {
 protected:
  LookTest() { Raise(); }

  // Passes in small steps and notes every look.
  std::set<absl::Time> LooksWithin(absl::Duration by) {
    std::set<absl::Time> looks;
    const absl::Time end = now_ + by;
    while (now_ < end) {
      Pass(absl::Milliseconds(50));
      if (status_ && status_->looked && *status_->looked > end - by) looks.insert(*status_->looked);
    }
    return looks;
  }
};

// However much is told, a scaler looks once a second.
TEST_F(LookTest, LooksOnceASecond) {
  Begin(4);
  Seconds(2, 4, 50);
  std::set<absl::Time> looks;
  for (int i = 0; i < 100; ++i) {
    Tell(4, 50 + i % 3);
    Pass(absl::Milliseconds(100));
    looks.insert(*status_->looked);
  }
  EXPECT_GE(looks.size(), 9u);
  EXPECT_LE(looks.size(), 11u);
}

// A pod that has just passed its bound is not kept waiting for a second.
TEST_F(LookTest, ASuddenRiseIsLookedAtSooner) {
  Begin(4);
  Seconds(3, 4, 50);
  const absl::Time before = *status_->looked;
  now_ = std::max(now_, before);
  Tell(4, 90);
  Pass(kSuddenLook);
  EXPECT_GT(*status_->looked, before);
  EXPECT_LT(*status_->looked - before, kLookEvery);
  EXPECT_EQ(actions_.size(), 1u);
}

// At its minimum, with nothing that time alone could change, a scaler looks no more and writes no more,
// though it is told now and then that its load is as it was.
TEST_F(LookTest, AnIdleScalerRests) {
  Begin(2);
  Seconds(1, 2, 20);
  Pass(absl::Seconds(20));  // its record is written
  const absl::Time looked = *status_->looked;
  const absl::Time written = records_.at("web").written;
  Pass(absl::Minutes(10));
  for (int i = 0; i < 10; ++i) {
    Tell(2, 20);
    Pass(absl::Seconds(4));
  }
  EXPECT_EQ(*status_->looked, looked);
  EXPECT_EQ(records_.at("web").written, written);
  Tell(2, 25);
  Pass(absl::Seconds(1));
  EXPECT_GT(*status_->looked, looked);
}

// What was wanted before a rest was wanted all through it: the first dip after it finds its window full.
TEST_F(LookTest, ARestEmptiesNoWindow) {
  Policy policy = WebPolicy();
  policy.scale().rules.minimums.replicas = 4;
  Begin(4, policy);
  Seconds(3, 4, 50);
  Pass(absl::Minutes(20));
  Tell(4, 5);
  policy.scale().rules.minimums.replicas = 2;
  Apply(policy);
  Seconds(60, 4, 5);
  EXPECT_TRUE(actions_.empty());
  Seconds(300, 4, 5);
  ASSERT_FALSE(actions_.empty());
  EXPECT_LT(actions_[0].action.replicas->to, 4);
}

// At its minimum, but more is wanted and a window of scaling out holds it: the window ends by time alone, so
// the scaler looks on though nothing more is told.
TEST_F(LookTest, AWindowOfScalingOutIsNotSleptThrough) {
  Policy policy = WebPolicy();
  policy.scale().rules.behaviour.up.stabilisation = absl::Seconds(10);
  Begin(2, policy);
  Seconds(3, 2, 50);
  Tell(2, 70);
  Pass(absl::Seconds(5));
  EXPECT_EQ(status_->advice.wanted, 3);
  EXPECT_TRUE(actions_.empty());
  Pass(absl::Seconds(8));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 3);
}

// Above its minimum a scaler looks each second, though nothing is told: a window ends by time alone.
TEST_F(LookTest, LooksOnAboveTheMinimum) {
  Begin(4);
  Seconds(1, 4, 50);
  EXPECT_GE(LooksWithin(absl::Seconds(10)).size(), 9u);
}

// A minimum by the clock wakes a scaler that rests.
TEST_F(LookTest, AMinimumByTheClockIsLookedAt) {
  Policy policy = WebPolicy();
  const absl::Duration of_day = now_ - absl::FromUnixSeconds(absl::ToUnixSeconds(now_) / 86'400 * 86'400);
  policy.scale().rules.minimums.schedule.push_back(
      {.begin = of_day + absl::Minutes(5), .length = absl::Hours(1), .replicas = 6});
  Begin(2, policy);
  Seconds(1, 2, 20);
  Pass(absl::Minutes(4));
  EXPECT_TRUE(actions_.empty());
  Pass(absl::Minutes(1));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 6);
}

// Nothing is advised of what is not seen, or of a cluster that is not listed yet.
TEST_F(LookTest, WhatIsNotSeenIsNotLookedAt) {
  Apply(WebPolicy());
  Pass(absl::Seconds(5));
  EXPECT_FALSE(status_->looked);
  Restart();
  See(1);
  Pass(absl::Seconds(2));
  EXPECT_FALSE(status_->looked);
  EXPECT_TRUE(decisions_.empty());
  Do(ApiChanged{"local", true, ""});
  EXPECT_TRUE(status_->looked);
  EXPECT_EQ(actions_.size(), 1u);  // fewer than the minimum: more pods harm nobody, blind or not
}

// A workload whose replicas are 0 is switched off: it is left alone, and what was wanted before is forgotten.
TEST_F(LookTest, SwitchedOffIsLeftAlone) {
  Begin(4);
  Seconds(20, 4, 50);
  See(0);
  Pass(absl::Minutes(1));
  EXPECT_TRUE(actions_.empty());
  EXPECT_TRUE(records_.at("web").memory.recommendations.highest.empty());
}

// A panic's beginning is written with the look that finds it: a restart must not forget it.
TEST_F(LookTest, APanicIsDurableAtOnce) {
  Begin(2, WebPolicy(PolicyMode::kObserve));
  Seconds(1, 2, 100);
  ASSERT_TRUE(records_.contains("web"));
  EXPECT_TRUE(records_.at("web").memory.panic);
}

// Under observe a change is recorded once, not carried out, however often the load wavers about the edge of
// its tolerance; and recorded again when it has been met for a minute between.
TEST_F(LookTest, ObserveRecordsAnEpisodeOnce) {
  Begin(2, WebPolicy(PolicyMode::kObserve));
  Seconds(30, 2, 70);
  EXPECT_EQ(CountOf(DecisionState::kObserved), 1u);
  EXPECT_TRUE(actions_.empty());
  for (int i = 0; i < 100; ++i) {
    Seconds(5, 2, 50);
    Seconds(5, 2, 70);
  }
  EXPECT_EQ(CountOf(DecisionState::kObserved), 1u);
  Seconds(62, 2, 50);
  Seconds(5, 2, 70);
  EXPECT_EQ(CountOf(DecisionState::kObserved), 2u);
}

// A paused policy leaves no decision; what it would do is shown all the same.
TEST_F(LookTest, APausedPolicyOnlyShows) {
  Policy policy = WebPolicy();
  policy.scale().paused = true;
  Begin(2, policy);
  Seconds(5, 2, 100);
  EXPECT_TRUE(decisions_.empty());
  EXPECT_EQ(status_->advice.replicas, 4);
  ASSERT_TRUE(status_->refusal);
  EXPECT_EQ(status_->refusal->guard, "pause");
}

// Pods that are held or missing are said to be so since when they are.
TEST_F(LookTest, TellsSinceWhenPodsAreUnseen) {
  Begin(4);
  Seconds(3, 4, 50);
  EXPECT_FALSE(status_->unseen_pods_since);
  Tell(4, 50, true);
  Pass(absl::Seconds(1));
  ASSERT_TRUE(status_->unseen_pods_since);
  const absl::Time since = *status_->unseen_pods_since;
  Pass(absl::Seconds(10));
  EXPECT_EQ(status_->unseen_pods_since, since);
  EXPECT_EQ(status_->advice.steady.held, 4u);
}

// What the arithmetic is told: both windows of each pod, and the mean throttling of those that are seen.
TEST(SightOfTest, JoinsPodsAndTheirUse) {
  const absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  Scaler scaler;
  scaler.workload = WorkloadFacts{.uid = "u", .replicas = 3};
  PodUsage usage{.pod_uid = "a",
                 .steady = CpuSample{40, now, absl::Seconds(15)},
                 .sudden = CpuSample{90, now, absl::Seconds(2)},
                 .throttled_percent = 30};
  const auto add = [&scaler](const std::string& uid) -> PodRow& {
    ScaledPod& pod = scaler.pods.try_emplace(uid).first->second;
    ScaledPods::SetFacts(
        pod, {.name = "a", .phase = PodPhase::kRunning, .ready = true, .request_millicores = 100});
    return *pod.row;
  };
  add("unseen");
  ScaledPods::SetUsage(add("seen"), usage);
  usage.held = true;
  usage.throttled_percent = 100;
  ScaledPods::SetUsage(add("held"), usage);
  const ScaleSight sight = SightOf(scaler);
  EXPECT_EQ(sight.current, 3);
  ASSERT_EQ(sight.steady.size(), 3u);
  ASSERT_EQ(sight.sudden.size(), 3u);
  EXPECT_FALSE(sight.steady[0].sample);  // as they came
  EXPECT_EQ(sight.steady[1].sample->millicores, 40);
  EXPECT_EQ(sight.sudden[1].sample->millicores, 90);
  EXPECT_TRUE(sight.steady[2].held);
  EXPECT_EQ(sight.throttled_percent, 30);
}

}  // namespace
}  // namespace evenkeel::coordinator
