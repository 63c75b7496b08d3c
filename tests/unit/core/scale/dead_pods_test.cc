// A container's death: seen, said once, and evidence when the load of the others rises.

#include "coordinator/core/scale/dead_pods.h"

#include <string>
#include <vector>

#include "coordinator/core/scale/words.h"
#include "gtest/gtest.h"
#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {
namespace {

class DeadPodsTest : public ScaleFixture {
 protected:
  // Its agent says that pod `number` has died now.
  PodDeaths DeadNow(int64_t restarts = 0) const {
    PodDeaths deaths{.restarts = restarts, .down = 1};
    deaths.last = ContainerDeath{.container = "app", .exit_code = 137, .reason = "OOMKilled", .at = now_};
    return deaths;
  }
  void TellDeath(int number, const PodDeaths& deaths) {
    Do(UsageTold{.cluster = "local",
                 .pods = {{.pod_uid = Uid(number),
                           .steady = CpuSample{40, now_, absl::Seconds(15)},
                           .sudden = CpuSample{40, now_, absl::Seconds(2)},
                           .deaths = deaths}}});
  }
  // The use of one pod alone.
  void TellUse(int number, int64_t millicores) {
    Do(UsageTold{.cluster = "local",
                 .pods = {{.pod_uid = Uid(number),
                           .steady = CpuSample{millicores, now_, absl::Seconds(15)},
                           .sudden = CpuSample{millicores, now_, absl::Seconds(2)}}}});
  }
  ScalerCondition Crashing() const {
    for (const ScalerCondition& condition : ConditionsOf(*status_)) {
      if (condition.type == "Crashing") return condition;
    }
    return {};
  }
};

// A death is announced within a fifth of a second of its being told, once, as a warning about the workload;
// the scaler shows it with its cause, and that the pod is back.
TEST_F(DeadPodsTest, ADeathIsSaidOnce) {
  Raise();
  Begin(2);
  Seconds(20, 2, 40);
  requests_.clear();
  const PodDeaths dead = DeadNow();
  TellDeath(1, dead);
  Pass(kSuddenLook);
  std::vector<Announce> said = Asked<Announce>();
  ASSERT_EQ(said.size(), 1u);
  EXPECT_TRUE(said[0].warning);
  EXPECT_EQ(said[0].reason, "OutOfMemory");
  EXPECT_EQ(said[0].workload, Web());
  EXPECT_EQ(said[0].step, "died-uid-1-0-0");
  EXPECT_EQ(said[0].message,
            "pod web-1: container app was killed for want of memory (exit code 137), and is not back");
  EXPECT_TRUE(Crashing().holds);
  EXPECT_EQ(status_->down, 1u);
  ASSERT_EQ(status_->dead_pods.size(), 1u);
  EXPECT_EQ(status_->dead_pods[0].name, "web-1");

  PodDeaths back = dead;
  back.down = 0;
  back.restarts = 1;
  TellDeath(1, back);
  Pass(absl::Seconds(2));
  EXPECT_EQ(Asked<Announce>().size(), 1u);
  EXPECT_FALSE(Crashing().holds);
  EXPECT_EQ(status_->dead_pods[0].deaths.restarts, 1);
  EXPECT_TRUE(actions_.empty());
}

// What was long ago is not announced: a coordinator that starts anew is told of it, too.
TEST_F(DeadPodsTest, AnOldDeathIsNoNews) {
  Raise();
  Begin(2);
  Seconds(20, 2, 40);
  requests_.clear();
  PodDeaths dead = DeadNow();
  dead.last->at -= kNewDeath + absl::Seconds(1);
  TellDeath(1, dead);
  Pass(absl::Seconds(2));
  EXPECT_TRUE(Asked<Announce>().empty());
  EXPECT_TRUE(Crashing().holds);
}

// One of two has died, and the other gets its load: the dead one is no pod that uses nothing. It is scaled
// out at once, past any window, and the decision says why.
TEST_F(DeadPodsTest, ADeathCountsWhenTheOthersRise) {
  Policy policy = WebPolicy();
  std::get<ScalePolicy>(policy.spec).rules.behaviour.up.stabilisation = absl::Minutes(10);
  Raise();
  Begin(2, policy);
  Seconds(20, 2, 40);
  TellDeath(1, DeadNow());
  Pass(absl::Seconds(1));
  EXPECT_TRUE(actions_.empty());
  TellUse(2, 70);  // 140 % of the target: no sudden rise of itself
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(actions_[0].action.replicas->to, 3);
  EXPECT_EQ(status_->advice.panic_cause, PanicCause::kDeath);
  std::string evidence;
  for (const Evidence& each : Last().evidence) evidence += each.observation + "\n";
  EXPECT_NE(evidence.find("pod web-1: container app was killed for want of memory"), std::string::npos)
      << evidence;
  EXPECT_NE(evidence.find("of its pods are 1 down"), std::string::npos) << evidence;
}

// Without a death the same figures wait for the window.
TEST_F(DeadPodsTest, WithoutADeathTheWindowHolds) {
  Policy policy = WebPolicy();
  std::get<ScalePolicy>(policy.spec).rules.behaviour.up.stabilisation = absl::Minutes(10);
  Raise();
  Begin(2, policy);
  Seconds(20, 2, 40);
  Seconds(5, 2, 70);
  EXPECT_TRUE(actions_.empty());
}

// Who is down, and until when: by its agent, then by Kubernetes, whose word counts where the agent is silent.
TEST(IsDownTest, UntilItIsReadyAgain) {
  const absl::Time died = absl::FromUnixSeconds(1'700'000'000);
  WorkloadPodFacts pod{
      .name = "a", .phase = PodPhase::kRunning, .ready = true, .ready_changed = died - absl::Hours(1)};
  PodDeaths deaths;
  EXPECT_FALSE(IsDown(pod, deaths));
  deaths.down = 1;
  deaths.last = ContainerDeath{.container = "app", .at = died};
  EXPECT_TRUE(IsDown(pod, deaths));  // Kubernetes has not seen it yet
  pod.ready = false;
  pod.ready_changed = died + absl::Seconds(2);
  EXPECT_TRUE(IsDown(pod, deaths));
  deaths.down = 0;  // it runs, and is not Ready yet
  EXPECT_TRUE(IsDown(pod, deaths));
  pod.ready = true;
  pod.ready_changed = died + absl::Seconds(5);
  EXPECT_FALSE(IsDown(pod, deaths));
  pod.ready = false;  // later, for another reason
  pod.ready_changed = died + absl::Minutes(1);
  EXPECT_FALSE(IsDown(pod, deaths));
  deaths.down = 1;  // the last that its agent has said
  pod.ready = true;
  EXPECT_FALSE(IsDown(pod, deaths));
  pod.phase = PodPhase::kPending;
  pod.ready = false;
  EXPECT_FALSE(IsDown(pod, deaths));
}

}  // namespace
}  // namespace evenkeel::coordinator
