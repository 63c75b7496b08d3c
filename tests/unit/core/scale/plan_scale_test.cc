// What a scale decision holds, of the scaler alone.

#include "coordinator/core/scale/plan_scale.h"

#include <string>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Two pods at 143 % of a target of 50 %; the load asks for 6, and a rate allows 4.
Scaler Limited() {
  Scaler scaler;
  scaler.policy.cluster = "local";
  scaler.policy.target = {"apps", "Deployment", "shop", "web"};
  scaler.policy.version = "v1";
  scaler.policy.rules.target.value = 50;
  scaler.record.policy = "web";
  scaler.record.uid = "uid-web";
  scaler.workload = WorkloadFacts{.uid = "uid-web", .replicas = 2};
  for (const char* uid : {"a", "b"}) {
    ScaledPod& pod = scaler.pods.try_emplace(uid).first->second;
    ScaledPods::SetFacts(pod, {.phase = PodPhase::kRunning});
    ScaledPods::SetUsage(*pod.row,
                         {.pod_uid = uid,
                          .steady = CpuSample{143, kNow - absl::Milliseconds(700), absl::Seconds(15)},
                          .sudden = CpuSample{143, kNow - absl::Milliseconds(700), absl::Seconds(2)},
                          .throttled_percent = 12});
  }
  Advice& advice = scaler.advice;
  advice.current = 2;
  advice.replicas = 4;
  advice.wanted = 6;
  advice.steady.finding = DemandFinding::kAbove;
  advice.steady.replicas = 6;
  advice.steady.use = 143;
  advice.steady.counted = 2;
  advice.sudden = advice.steady;
  advice.reasons = {{AdviceStep::kDemand, 2, 6}, {AdviceStep::kRate, 6, 4}};
  return scaler;
}

// Subject, sentence, times and the one action with its preconditions.
TEST(PlanScaleTest, HoldsTheChange) {
  const Decision plan = PlanScale(Limited(), kNow);
  EXPECT_EQ(plan.kind, DecisionKind::kScale);
  EXPECT_EQ(plan.cluster, "local");
  EXPECT_EQ(plan.workload.name, "web");
  EXPECT_EQ(plan.workload_uid, "uid-web");
  EXPECT_EQ(
      plan.summary,
      "Deployment shop/web from 2 to 4 replicas: CPU at 143 % of the request, target 50 %: the load asks "
      "for 6; a rate allows 2 more pods for now");
  ASSERT_EQ(plan.actions.size(), 1u);
  const Action& action = plan.actions[0];
  EXPECT_EQ(action.number, 1u);
  EXPECT_EQ(action.kind, ActionKind::kSetReplicas);
  EXPECT_EQ(action.name_space, "shop");
  EXPECT_EQ(action.name, "web");
  EXPECT_EQ(action.uid, "uid-web");
  EXPECT_EQ(action.replicas, (ReplicaChange{"apps", "v1", "Deployment", 2, 4}));
  EXPECT_EQ(plan.timings.detected, kNow - absl::Milliseconds(700));  // the newest sample
  EXPECT_EQ(plan.timings.judged, kNow);
}

// The figures of both windows, throttling, and the pods that are not like the others.
TEST(PlanScaleTest, ShowsItsEvidence) {
  Scaler scaler = Limited();
  scaler.advice.steady.unready = 3;
  scaler.advice.steady.broken = 1;
  scaler.advice.steady.held = 1;
  scaler.record.memory.panic = Panic{kNow - absl::Seconds(5), kNow, 6};
  std::string all;
  for (const Evidence& evidence : PlanScale(scaler, kNow).evidence) all += evidence.observation + "\n";
  EXPECT_EQ(all,
            "spec.replicas is 2; 2 pods of it there\n"
            "CPU at 143 % of the request, target 50 %, over 15 s, of 2 pods\n"
            "CPU at 143 % of the request, target 50 %, over 2.0 s, of 2 pods\n"
            "its containers are throttled in 12 % of their periods, over 2.0 s\n"
            "of its pods are 2 starting, 1 broken and 1 not seen at the moment, for which the last figure "
            "stands in\n"
            "a panic began; no fewer than 6 until it is calm\n");
}

// The number that the load alone asks for is an alternative, with what stood between.
TEST(PlanScaleTest, TellsWhatTheLoadAloneAsksFor) {
  Scaler scaler = Limited();
  const Decision plan = PlanScale(scaler, kNow);
  ASSERT_EQ(plan.alternatives.size(), 1u);
  EXPECT_EQ(plan.alternatives[0].description, "scale to 6, as the load alone asks for");
  EXPECT_EQ(plan.alternatives[0].reason, "a rate allows 2 more pods for now");
  scaler.advice.replicas = 6;
  scaler.advice.reasons.pop_back();
  EXPECT_TRUE(PlanScale(scaler, kNow).alternatives.empty());
}

// By a bound nobody looked at the load: no figures, and no sample to go by.
TEST(PlanScaleTest, ABoundNeedsNoFigures) {
  Scaler scaler = Limited();
  scaler.pods.clear();
  scaler.advice = {};
  scaler.advice.current = scaler.advice.wanted = 12;
  scaler.advice.replicas = 10;
  scaler.advice.reasons = {{AdviceStep::kAboveMaximum, 12, 10}};
  const Decision plan = PlanScale(scaler, kNow);
  EXPECT_EQ(plan.summary, "Deployment shop/web from 12 to 10 replicas: no more than 10 may be");
  EXPECT_EQ(plan.evidence.size(), 1u);
  EXPECT_EQ(plan.timings.detected, kNow);
}

}  // namespace
}  // namespace evenkeel::coordinator
