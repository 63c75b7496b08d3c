// The sentences about scaling, as people read them.

#include "coordinator/core/scale/words.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

Demand Above(int64_t use, int64_t replicas) {
  Demand demand;
  demand.finding = DemandFinding::kAbove;
  demand.use = use;
  demand.replicas = replicas;
  demand.counted = 2;
  return demand;
}

CpuTarget Percent() {
  return {CpuTarget::Kind::kPercentOfRequest, 50};
}

// From 2: the load asks for 6.
Advice Out() {
  Advice advice;
  advice.current = 2;
  advice.replicas = advice.wanted = 6;
  advice.steady = Above(143, 6);
  advice.reasons = {{AdviceStep::kDemand, 2, 6}};
  return advice;
}

ScalerStatus Well() {
  ScalerStatus status;
  status.policy = "web";
  status.cluster = "local";
  status.mode = PolicyMode::kEnforce;
  status.cpu = Percent();
  status.unseen.clear();
  status.looked = absl::FromUnixSeconds(1'767'225'600);  // 2026-01-01 00:00 UTC
  status.advice = Out();
  return status;
}

ScalerCondition ConditionOf(const ScalerStatus& status, absl::string_view type) {
  for (const ScalerCondition& condition : ConditionsOf(status)) {
    if (condition.type == type) return condition;
  }
  return {};
}

// Use against target, in the target's own unit; or why there is none.
TEST(ScaleWordsTest, SaysWhatIsUsed) {
  EXPECT_EQ(Words(Above(143, 6), Percent()), "CPU at 143 % of the request, target 50 %");
  EXPECT_EQ(Words(Above(71, 2), {CpuTarget::Kind::kMillicores, 100}), "CPU at 71 m a pod, target 100 m");
  Demand demand;
  EXPECT_EQ(Words(demand, Percent()), "it has no pods");
  demand.finding = DemandFinding::kNoSamples;
  EXPECT_EQ(Words(demand, Percent()), "no pod shows its CPU");
  demand.finding = DemandFinding::kNoRequest;
  EXPECT_EQ(Words(demand, Percent()),
            "a container of its pods asks for no CPU, so there is nothing to take a percentage of");
}

// Each step that took part in its own words.
TEST(ScaleWordsTest, SaysEachStep) {
  Advice advice = Out();
  advice.steady.held = 1;
  const std::vector<std::pair<AdviceReason, std::string>> cases = {
      {{AdviceStep::kSwitchedOff, 0, 0}, "it is switched off: its replicas are set to 0"},
      {{AdviceStep::kAboveMaximum, 12, 10}, "no more than 10 may be"},
      {{AdviceStep::kBelowMinimum, 1, 2}, "no fewer than 2 may be"},
      {{AdviceStep::kNoDemand, 2, 2}, "what the load asks for is not known"},
      {{AdviceStep::kDemand, 2, 6}, "the load asks for 6"},
      {{AdviceStep::kPanic, 4, 6}, "a panic wants 6"},
      {{AdviceStep::kSamplesLost, 1, 2}, "none is taken away while the samples of 1 of 2 pods are lost"},
      {{AdviceStep::kStabilisation, 1, 2}, "2 were wanted within the window of scaling in"},
      {{AdviceStep::kStabilisation, 6, 4},
       "no more than 4 were wanted all through the window of scaling out"},
      {{AdviceStep::kScaledInBefore, 1, 2}, "it was scaled in a moment ago"},
      {{AdviceStep::kRate, 8, 6}, "a rate allows 4 more pods for now"},
      {{AdviceStep::kRate, 0, 1}, "a rate allows 1 fewer pod for now"},
      {{AdviceStep::kRate, 8, 2}, "a rate allows no change for now"},
      {{AdviceStep::kMaximum, 12, 10}, "no more than 10 may be"},
      {{AdviceStep::kMinimum, 1, 2}, "no fewer than 2 may be"},
      {{AdviceStep::kFloor, 1, 2}, "a switch of traffic needs no fewer than 2"},
      {{AdviceStep::kBelowFloor, 1, 2}, "a switch of traffic needs no fewer than 2"},
  };
  for (const auto& [reason, words] : cases) EXPECT_EQ(Words(reason, advice), words);
  advice.minimum.schedule = 0;
  EXPECT_EQ(Words(AdviceReason{AdviceStep::kMinimum, 1, 4}, advice), "no fewer than 4 may be at this time");
}

// An advice is the figure and the steps after it; by a bound it is the bound alone; without steps it says why
// nothing is to be done.
TEST(ScaleWordsTest, SaysWhyInOneSentence) {
  Advice advice = Out();
  EXPECT_EQ(Words(advice, Percent()), "CPU at 143 % of the request, target 50 %: the load asks for 6");
  advice.replicas = 4;
  advice.reasons.push_back({AdviceStep::kRate, 6, 4});
  EXPECT_EQ(
      Words(advice, Percent()),
      "CPU at 143 % of the request, target 50 %: the load asks for 6; a rate allows 2 more pods for now");
  advice.reasons = {{AdviceStep::kAboveMaximum, 12, 10}};
  EXPECT_EQ(Words(advice, Percent()), "no more than 10 may be");
  advice.reasons.clear();
  advice.steady.finding = DemandFinding::kWithinTolerance;
  advice.steady.use = 52;
  EXPECT_EQ(Words(advice, Percent()),
            "CPU at 52 % of the request, target 50 %: that is within the tolerance");
}

// In a panic it is the last seconds that count, and what makes it one.
TEST(ScaleWordsTest, SaysWhatAPanicGoesBy) {
  Advice advice = Out();
  advice.panic = true;
  advice.panic_cause = PanicCause::kThrottling;
  advice.sudden = Above(190, 8);
  advice.reasons.push_back({AdviceStep::kPanic, 6, 8});
  EXPECT_EQ(
      Words(advice, Percent()),
      "CPU at 190 % of the request in the last seconds, target 50 %, and throttled: the load asks for 6; "
      "a panic wants 8");
}

// Pods that are down are said beside the figure that leaves them out.
TEST(ScaleWordsTest, SaysWhoIsDown) {
  Advice advice = Out();
  advice.steady.down = 1;
  EXPECT_EQ(Words(advice, Percent()),
            "CPU at 143 % of the request, target 50 %, and 1 pod is down: the load asks for 6");
}

// The conditions have a fixed order, and all is well where it is.
TEST(ScalerConditionsTest, HaveAFixedOrder) {
  std::vector<std::string> types;
  std::vector<bool> holds;
  for (const ScalerCondition& condition : ConditionsOf(Well())) {
    types.emplace_back(condition.type);
    holds.push_back(condition.holds);
    EXPECT_FALSE(condition.reason.empty());
    EXPECT_FALSE(condition.message.empty());
  }
  EXPECT_EQ(types, (std::vector<std::string>{"Able", "Active", "Limited", "Seen", "Panic", "Crashing",
                                             "Conflicted", "Paused"}));
  EXPECT_EQ(holds, (std::vector<bool>{true, true, false, true, false, false, false, false}));
}

// A pod that is down is said with the cause; one that is back is remembered.
TEST(ScalerConditionsTest, Crashing) {
  ScalerStatus status = Well();
  status.pods = 2;
  EXPECT_EQ(ConditionOf(status, "Crashing").reason, "AllRun");
  DeadPod dead{.name = "web-1", .down = true};
  dead.deaths.down = 1;
  dead.deaths.last = ContainerDeath{
      .container = "app", .exit_code = 143, .reason = "Error", .at = absl::FromUnixSeconds(1'767'225'600)};
  status.down = 1;
  status.dead_pods = {dead};
  ScalerCondition condition = ConditionOf(status, "Crashing");
  EXPECT_TRUE(condition.holds);
  EXPECT_EQ(condition.reason, "ContainerDied");
  EXPECT_EQ(
      condition.message,
      "1 of 2 pods is down: pod web-1: container app ended with exit code 143 (Error), and is not back");
  status.dead_pods[0].deaths.last->reason = "OOMKilled";
  EXPECT_EQ(ConditionOf(status, "Crashing").reason, "OutOfMemory");
  status.dead_pods[0].deaths.crash_loop = true;
  EXPECT_EQ(ConditionOf(status, "Crashing").reason, "CrashLoop");
  status.down = 0;
  dead.deaths.down = 0;
  dead.deaths.restarts = 1;
  status.dead_pods = {dead};
  condition = ConditionOf(status, "Crashing");
  EXPECT_FALSE(condition.holds);
  EXPECT_EQ(
      condition.message,
      "all run; the last to die, 2026-01-01 00:00 UTC: pod web-1: container app ended with exit code 143 "
      "(Error); started again 1 time");
}

// What is not seen is said of all that depends on it.
TEST(ScalerConditionsTest, NotSeen) {
  ScalerStatus status = Well();
  status.unseen = "there is none";
  for (const char* type : {"Able", "Active", "Seen"}) {
    EXPECT_FALSE(ConditionOf(status, type).holds) << type;
    EXPECT_EQ(ConditionOf(status, type).message, "there is none") << type;
  }
}

// Where all pods are starting, none is lost, and not all of them are said to show what none of them shows.
TEST(ScalerConditionsTest, StartingPodsAreNotLost) {
  ScalerStatus status = Well();
  status.advice.steady = {};
  status.advice.steady.finding = DemandFinding::kNoSamples;
  status.advice.steady.unready = 2;
  EXPECT_EQ(ConditionOf(status, "Active").reason, "NoSamples");
  EXPECT_EQ(ConditionOf(status, "Active").message, "no pod shows its CPU yet");
  EXPECT_TRUE(ConditionOf(status, "Seen").holds);
  EXPECT_EQ(ConditionOf(status, "Seen").reason, "Starting");
  status.advice.steady.broken = 2;
  EXPECT_EQ(ConditionOf(status, "Active").message, "no pod shows its CPU");
  EXPECT_EQ(ConditionOf(status, "Seen").reason, "Broken");
  status.advice.steady.broken = 1;
  EXPECT_EQ(ConditionOf(status, "Seen").reason, "Starting");
  status.advice.steady.missing = 1;
  status.unseen_pods_since = absl::FromUnixSeconds(1'767'225'600);
  EXPECT_EQ(ConditionOf(status, "Seen").reason, "SamplesLost");
}

// Each thing that can stand in the way has its condition, its reason and its figures.
TEST(ScalerConditionsTest, SayWhatStandsInTheWay) {
  ScalerStatus status = Well();
  status.refusal = GuardAnswer{"api", false, "the Kubernetes API cannot be relied on: no answer"};
  EXPECT_EQ(ConditionOf(status, "Able").reason, "Refused");
  status.advice.reasons.push_back({AdviceStep::kMaximum, 12, 6});
  EXPECT_EQ(ConditionOf(status, "Limited").reason, "Maximum");
  status.advice.steady.held = 1;
  status.advice.steady.missing = 1;
  status.unseen_pods_since = absl::FromUnixSeconds(1'767'225'600);
  EXPECT_EQ(ConditionOf(status, "Seen").message,
            "2 of 3 pods not seen since 2026-01-01 00:00 UTC: for 1 the last that was seen stands in, of 1 "
            "nothing is known");
  status.panic_since = absl::FromUnixSeconds(1'767'225'600);
  EXPECT_TRUE(ConditionOf(status, "Panic").holds);
  status.autoscaler = "shop/web";
  EXPECT_NE(ConditionOf(status, "Conflicted").message.find("evenkeel takeover hpa shop/web --cluster local"),
            std::string::npos);
  status.take_over_waits = "no pod shows its CPU yet";
  EXPECT_EQ(ConditionOf(status, "Conflicted").reason, "TakingOver");
  EXPECT_NE(ConditionOf(status, "Conflicted").message.find("ordered: no pod shows its CPU yet"),
            std::string::npos);
  status.mode = PolicyMode::kObserve;
  EXPECT_EQ(ConditionOf(status, "Paused").reason, "ObserveOnly");
  status.paused = true;
  EXPECT_EQ(ConditionOf(status, "Paused").reason, "PolicyPaused");
}

}  // namespace
}  // namespace evenkeel::coordinator
