// How an open failover's actions are brought into line with what is true now (L4, L8).

#include "coordinator/core/replan.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class ReplanTest : public testing::Test {
 protected:
  ReplanTest() {
    node_.uid = "uid-dead";
    Put("a", "1");
    Put("b", "1");
    Put("c", "1");
    decision_.node = "dead";
    const FailoverPlan plan = Plan();
    decision_.actions = plan.actions;
    decision_.workloads = plan.workloads;
  }

  void Put(const std::string& name, const std::string& uid) {
    PodFacts pod;
    pod.uid = uid;
    pod.node = "dead";
    pod.phase = "Running";
    pod.ready = true;
    pod.controller = {"ReplicaSet", "web", "uid-web"};
    pods_.Put({"shop", name}, pod);
  }

  FailoverPlan Plan() const { return PlanFailover("dead", "uid-dead", pods_); }

  void Set(size_t index, ActionState state, uint32_t attempts) {
    decision_.actions[index].state = state;
    decision_.actions[index].attempts = attempts;
  }

  NodeFacts node_;
  PodIndex pods_;
  Decision decision_;
};

// What is done stays done, what was handed out without an answer is done again or found to be done, and what
// is new is added.
TEST_F(ReplanTest, PlansFromWhatIsTrueNow) {
  Set(0, ActionState::kDone, 1);      // the taint
  Set(1, ActionState::kReleased, 1);  // a: answer lost, pod gone
  Set(2, ActionState::kReleased, 1);  // b: answer lost, pod still there
  Set(3, ActionState::kPending, 0);   // c: replaced by another pod of its name
  node_.failover_taint = true;
  pods_.Erase({"shop", "a"});
  Put("c", "2");

  Replan(decision_, Plan(), node_, pods_);
  ASSERT_EQ(decision_.actions.size(), 5u);
  EXPECT_EQ(decision_.actions[0].state, ActionState::kDone);
  EXPECT_EQ(decision_.actions[1].state, ActionState::kDone);
  EXPECT_EQ(decision_.actions[2].state, ActionState::kPending);
  EXPECT_EQ(decision_.actions[3].state, ActionState::kSkipped);
  EXPECT_EQ(decision_.actions[4].uid, "2");
  EXPECT_EQ(decision_.actions[4].number, 5u);
  EXPECT_EQ(decision_.actions[4].stage, decision_.actions[2].stage);
  EXPECT_GT(decision_.actions[2].stage, decision_.actions[0].stage);
}

// A taint that somebody took off again is put on again, before the pods.
TEST_F(ReplanTest, RepeatsALostTaint) {
  Set(0, ActionState::kDone, 1);
  Replan(decision_, Plan(), node_, pods_);
  ASSERT_EQ(decision_.actions.size(), 5u);
  EXPECT_EQ(decision_.actions[4].kind, ActionKind::kTaintNode);
  EXPECT_LT(decision_.actions[4].stage, decision_.actions[1].stage);
}

// What was refused for good is not tried for ever.
TEST_F(ReplanTest, DoesNotRepeatWhatFailed) {
  Set(0, ActionState::kDone, 1);
  node_.failover_taint = true;
  Set(1, ActionState::kFailed, 1);
  Replan(decision_, Plan(), node_, pods_);
  EXPECT_EQ(decision_.actions.size(), 4u);
  EXPECT_EQ(decision_.actions[1].state, ActionState::kFailed);
}

// What was skipped because the node lived is right again when it has died after all, also where a try of it
// had come to nothing.
TEST_F(ReplanTest, RepeatsWhatWasSkipped) {
  Set(0, ActionState::kDone, 1);
  node_.failover_taint = true;
  Set(1, ActionState::kPending, 1);  // a: the API server did not answer
  decision_.actions[1].finish_time = absl::FromUnixSeconds(1000);
  SkipPending(decision_, "it lives", /*fresh=*/true, node_, pods_);
  ASSERT_EQ(decision_.actions[1].state, ActionState::kSkipped);
  Replan(decision_, Plan(), node_, pods_);
  ASSERT_EQ(decision_.actions.size(), 7u);
  for (size_t i = 4; i < 7; ++i) EXPECT_EQ(decision_.actions[i].kind, ActionKind::kDeletePod);
  EXPECT_EQ(decision_.actions[4].name, "a");
}

// A server that is too old for the out-of-service taint is not asked again.
TEST_F(ReplanTest, DoesNotRepeatWhatTheServerDoesNotKnow) {
  node_.failover_taint = true;
  Action taint;
  taint.number = 5;
  taint.stage = kTaintStage;
  taint.kind = ActionKind::kTaintOutOfService;
  taint.name = "dead";
  taint.uid = "uid-dead";
  FailoverPlan plan = Plan();
  plan.actions.push_back(taint);
  decision_.actions.push_back(taint);
  Set(4, ActionState::kSkipped, 1);
  decision_.actions[4].finish_time = absl::FromUnixSeconds(1000);
  Replan(decision_, plan, node_, pods_);
  EXPECT_EQ(decision_.actions.size(), 5u);
}

// A node that lives keeps its pods; they no longer count as taken off, and what was done after all is seen.
TEST_F(ReplanTest, SkipsWhatIsLeftWhenTheNodeLives) {
  Set(0, ActionState::kDone, 1);
  Set(1, ActionState::kPending, 1);  // a: tried before a crash, and gone
  pods_.Erase({"shop", "a"});
  SkipPending(decision_, "it lives", /*fresh=*/false, node_, pods_);
  EXPECT_EQ(decision_.actions[1].state, ActionState::kPending);  // whether it was done cannot be seen now
  SkipPending(decision_, "it lives", /*fresh=*/true, node_, pods_);
  EXPECT_EQ(decision_.actions[1].state, ActionState::kDone);
  EXPECT_EQ(decision_.actions[2].state, ActionState::kSkipped);
  EXPECT_EQ(decision_.actions[2].result, "it lives");
  ASSERT_EQ(decision_.workloads.size(), 1u);
  EXPECT_EQ(decision_.workloads[0].removed, 1u);
  EXPECT_TRUE(AllEnded(decision_));
}

}  // namespace
}  // namespace evenkeel::coordinator
