// Changes of replicas replay to themselves, and another scale policy is told apart by its numbers, with what
// the recorded world cannot tell.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coordinator/replay/replay.h"
#include "tests/replay/tape.h"

namespace evenkeel::replay {
namespace {

using namespace coordinator;

Workload Web() {
  return {.group = "apps", .kind = "Deployment", .name_space = "shop", .name = "web"};
}

Policy WebPolicy(int64_t most) {
  ScalePolicy scale{.cluster = "local", .target = Web(), .version = "v1", .mode = PolicyMode::kEnforce};
  scale.rules.minimums.replicas = 2;
  scale.rules.maximum = most;
  scale.rules.target.value = 50;
  Policy policy{.name = "web"};
  policy.spec = scale;
  return policy;
}

// A core with a workload whose two pods use twice what they should, on tape: the test plays what is around
// it.
class ScaleReplayTest : public ::testing::Test {
 protected:
  ScaleReplayTest() : core_(std::make_unique<Core>(Restored{.epoch = 1}, now_)) {
    tape_.OnStart(Restored{.epoch = 1}, now_);
    Do(ClusterAdded{"local"});
    Do(ApiChanged{"local", true, ""});
    Pass(absl::Seconds(6));
    Do(ApplyPolicy{.request_id = 1, .policy = WebPolicy(10)});
    See(2);
    for (int number = 1; number <= 2; ++number) {
      Do(WorkloadPodObserved{"local",
                             Web(),
                             Uid(number),
                             {.name = absl::StrCat("web-", number),
                              .node = "node-1",
                              .phase = PodPhase::kRunning,
                              .ready = true,
                              .started = now_ - absl::Hours(1),
                              .ready_changed = now_ - absl::Hours(1),
                              .request_millicores = 100}});
    }
    begun_ = now_;
  }

  static std::string Uid(int number) { return absl::StrCat("uid-", number); }

  void Do(const Event& event) {
    const Effects effects = core_->Step(event, now_);
    RecordedStep step{.event = event, .now = now_, .decided = {}};
    for (const Notice& notice : effects.notices) {
      const auto* changed = std::get_if<DecisionChanged>(&notice);
      if (changed != nullptr) step.decided.push_back(changed->decision);
    }
    std::sort(step.decided.begin(), step.decided.end(),
              [](const Decision& left, const Decision& right) { return left.id < right.id; });
    tape_.OnSteps({step});
    actions_.insert(actions_.end(), effects.actions.begin(), effects.actions.end());
  }

  void Pass(absl::Duration by) {
    const absl::Time end = now_ + by;
    while (core_->NextDeadline() <= end) {
      now_ = std::max(now_, core_->NextDeadline());
      Do(Tick{});
    }
    now_ = end;
  }

  void See(int64_t replicas) {
    Do(WorkloadObserved{
        "local", Web(), {.uid = "uid-web", .replicas = replicas, .status_replicas = replicas}});
  }

  // The load has doubled; what follows of it is done.
  void Rise() {
    for (int second = 0; second < 3; ++second) {
      UsageTold told{.cluster = "local", .pods = {}};
      for (int number = 1; number <= 2; ++number) {
        told.pods.push_back({.pod_uid = Uid(number),
                             .steady = CpuSample{100, now_, absl::Seconds(15)},
                             .sudden = CpuSample{100, now_, absl::Seconds(2)}});
      }
      Do(told);
      Pass(absl::Seconds(1));
      for (const ReleasedAction& action : std::exchange(actions_, {})) {
        ASSERT_TRUE(action.action.replicas);
        Do(ActionFinished{action.decision, action.action.number, ActionOutcome::kDone, "",
                          action.action.attempts});
        See(action.action.replicas->to);
      }
    }
    Pass(absl::Seconds(5));
  }

  ReplayResult Replayed(std::optional<Policy> policy) {
    Replay replay({.since = begun_, .policy = std::move(policy)});
    for (const LogItem& item : tape_.items()) {
      const absl::StatusOr<bool> more = replay.Take(item);
      if (!more.ok()) ADD_FAILURE() << more.status();
      if (!more.ok() || !*more) break;
    }
    return replay.Finish();
  }

  static std::string Notes(const ReplayResult& result) {
    std::string all;
    for (const std::string& note : result.notes) absl::StrAppend(&all, note, "\n");
    for (const ReplayedDecision& decision : result.decisions) {
      for (const Difference& difference : decision.differences) {
        absl::StrAppend(&all, difference.field, ": ", difference.recorded, " -> ", difference.replayed, "\n");
      }
    }
    return all;
  }

  Tape tape_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  absl::Time begun_;
  std::unique_ptr<Core> core_;
  std::vector<ReleasedAction> actions_;
};

TEST_F(ScaleReplayTest, ChangesOfReplicasReplayToThemselves) {
  Rise();
  const ReplayResult result = Replayed(std::nullopt);
  EXPECT_TRUE(result.faithful) << Notes(result);
  ASSERT_FALSE(result.decisions.empty());
  EXPECT_EQ(result.decisions[0].recorded->kind, DecisionKind::kScale);
  EXPECT_EQ(result.decisions[0].recorded->workload, Web());
}

// The same policy under another name stands in for the recorded one, and knows what that one knew: all that
// differs is the guard that names it.
TEST_F(ScaleReplayTest, TheSamePolicyByAnotherNameChangesItsNameAlone) {
  Rise();
  Policy same = WebPolicy(10);
  same.name = "other";
  const ReplayResult result = Replayed(same);
  EXPECT_TRUE(result.faithful);
  ASSERT_FALSE(result.decisions.empty());
  for (const ReplayedDecision& decision : result.decisions) {
    EXPECT_TRUE(decision.recorded && decision.replayed);
    for (const Difference& difference : decision.differences)
      EXPECT_EQ(difference.field, "guards.mode") << Notes(result);
  }
  EXPECT_FALSE(result.parting);
}

TEST_F(ScaleReplayTest, AnotherMaximumIsToldByItsNumbers) {
  Rise();
  const ReplayResult result = Replayed(WebPolicy(3));
  EXPECT_TRUE(result.faithful);
  ASSERT_FALSE(result.decisions.empty());
  std::string told;
  for (const Difference& difference : result.decisions[0].differences)
    absl::StrAppend(&told, difference.sentence, "\n");
  EXPECT_TRUE(absl::StrContains(told, "set the replicas of shop/web from 2 to 3")) << told << Notes(result);
  ASSERT_TRUE(result.parting);
  EXPECT_TRUE(
      absl::StrContains(result.parting->sentence, "the change of replicas of shop/web in cluster local"))
      << result.parting->sentence;
}

// What was measured cannot be measured otherwise afterwards, and what nobody watched is not known.
TEST_F(ScaleReplayTest, WhatCannotBeTriedIsSaid) {
  Rise();
  Policy policy = WebPolicy(10);
  policy.scale().rules.panic.window = absl::Seconds(7);
  EXPECT_TRUE(absl::StrContains(Notes(Replayed(policy)), "panic.window of your policy change nothing here"));
  EXPECT_FALSE(absl::StrContains(Notes(Replayed(WebPolicy(9))), "change nothing here"));
  policy.scale().target.name = "api";
  policy.name = "api";
  EXPECT_TRUE(absl::StrContains(Notes(Replayed(policy)), "no policy scaled Deployment shop/api"));
}

}  // namespace
}  // namespace evenkeel::replay
