// A switch and the scaler of what it switches: while the switch is under way, held included, no cluster has
// fewer of its pods than blue had when it began; before and after it, as many as the load asks for.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch_world.h"

namespace evenkeel::coordinator {
namespace {

// Deployment shop/web of each cluster has three idle pods and may have one; a look that finds so scales in at
// once.
class SwitchScaleTest : public SwitchWorld {
 protected:
  SwitchScaleTest() {
    for (const char* cluster : {"east", "west"}) {
      pods_[cluster].controllers = {{absl::StrCat("rs-", cluster), 3}};
      Raise(cluster);
    }
  }

  static Workload Web() { return {"apps", "Deployment", "shop", "web"}; }

  void Raise(const std::string& cluster) {
    Policy policy;
    policy.name = absl::StrCat("web-", cluster);
    ScalePolicy scale;
    scale.cluster = cluster;
    scale.target = Web();
    scale.version = "v1";
    scale.mode = PolicyMode::kEnforce;
    scale.rules.maximum = 10;
    scale.rules.target.value = 50;
    scale.rules.behaviour.down.stabilisation = absl::ZeroDuration();
    policy.spec = scale;
    Tell(ApplyPolicy{.request_id = 3, .policy = policy});
    ASSERT_TRUE(reply_.status.ok()) << reply_.status;
  }

  // The workload is seen, with the use of its pods; from here on it is scaled.
  void See(const std::string& cluster, int pods) {
    WorkloadFacts workload;
    workload.uid = absl::StrCat("uid-", cluster);
    workload.replicas = workload.status_replicas = pods;
    UsageTold told{.cluster = cluster, .pods = {}};
    for (int i = 1; i <= pods; ++i) {
      const std::string uid = absl::StrCat(cluster, "-", i);
      PodFacts pod;
      pod.uid = uid;
      pod.node = absl::StrCat("node-", i);
      pod.phase = "Running";
      pod.ready = true;
      pod.controller = {.kind = "ReplicaSet", .name = "web-1", .uid = absl::StrCat("rs-", cluster)};
      Tell(PodObserved{{cluster, "shop", uid}, pod});
      Tell(WorkloadPodObserved{cluster, Web(), uid,
                               WorkloadPodFacts{.name = uid,
                                                .node = pod.node,
                                                .phase = PodPhase::kRunning,
                                                .ready = true,
                                                .started = now_ - absl::Hours(1),
                                                .ready_changed = now_ - absl::Hours(1),
                                                .request_millicores = 100}});
      told.pods.push_back({.pod_uid = uid,
                           .steady = CpuSample{5, now_, absl::Seconds(15)},
                           .sudden = CpuSample{5, now_, absl::Seconds(2)},
                           .held = false,
                           .throttled_percent = {}});
    }
    Tell(WorkloadObserved{cluster, Web(), workload});
    Tell(told);
  }

  SwitchFloor FloorOn(const std::string& cluster) const {
    return scalers_.at(absl::StrCat("web-", cluster)).floor;
  }
};

// From the preflight to the end of the hold nothing is taken away on either side, and the scaler says why;
// when the switch has ended it is.
TEST_F(SwitchScaleTest, NothingIsTakenAwayWhileItIsUnderWay) {
  SwitchSpec spec = ASwitch();
  for (SwitchStep& step : spec.steps) step.soak = absl::Seconds(3);
  spec.hold.length = absl::Seconds(20);
  Start(spec);
  PassUntil([this] { return Green() == 10; });
  for (const char* cluster : {"east", "west"}) See(cluster, 3);
  PassUntil([this] { return Green() == 100 && shown_.at("web").record.phase == SwitchPhase::kHolding; });
  Pass(absl::Seconds(10));
  EXPECT_TRUE(scaled_.empty());
  for (const char* cluster : {"east", "west"}) {
    EXPECT_EQ(FloorOn(cluster), (SwitchFloor{.replicas = 3, .name = "web", .unknown = false}));
    const ScalerStatus& status = scalers_.at(absl::StrCat("web-", cluster));
    EXPECT_EQ(status.minimum, 1);
    EXPECT_EQ(status.advice.replicas, 3);
    ASSERT_FALSE(status.advice.reasons.empty());
    EXPECT_EQ(status.advice.reasons.back(), (AdviceReason{AdviceStep::kFloor, 1, 3}));
  }
  PassUntil([this] { return !IsOpen(); });
  PassUntil([this] { return scaled_.size() == 2; });
  for (const ReleasedAction& action : scaled_) EXPECT_EQ(action.action.replicas->to, 1);
  EXPECT_EQ(FloorOn("east"), SwitchFloor());
}

// Who has fewer than is needed, because somebody took some away, gets them back.
TEST_F(SwitchScaleTest, WhatIsTakenAwayByHandIsBroughtBack) {
  Start(ASwitch());
  PassUntil([this] { return Green() == 10; });
  See("west", 2);
  PassUntil([this] { return !scaled_.empty(); });
  EXPECT_EQ(scaled_[0].action.replicas->from, 2);
  EXPECT_EQ(scaled_[0].action.replicas->to, 3);
}

// After a restart, until the applications are told again, whose the pods are is not known: none is taken
// away.
TEST_F(SwitchScaleTest, WhatIsNotKnownYetTakesNothingAway) {
  Start(ASwitch());
  PassUntil([this] { return Green() == 10; });
  Tell(ApplicationGone{"east", ASwitch().applications[0], "it cannot be read"});
  applications_.erase({"east", ASwitch().applications[0]});
  See("east", 3);
  Pass(absl::Seconds(5));
  EXPECT_TRUE(scaled_.empty());
  EXPECT_EQ(FloorOn("east"), (SwitchFloor{.replicas = 0, .name = "web", .unknown = true}));
  const std::optional<GuardAnswer>& refusal = scalers_.at("web-east").refusal;
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->guard, "switch");
}

}  // namespace
}  // namespace evenkeel::coordinator
