// Switches in the core's steps: each is a decision that is durable with its record, goes on in another
// process, and sees the clusters as the core does.

#include "coordinator/core/switch_turn.h"

#include "gtest/gtest.h"
#include "tests/unit/core/switch_world.h"

namespace evenkeel::coordinator {
namespace {

SwitchSpec QuickSwitch() {
  SwitchSpec spec = ASwitch();
  for (SwitchStep& step : spec.steps) step.soak = absl::Seconds(3);
  spec.hold.length = absl::Seconds(5);
  return spec;
}

class SwitchStepTest : public SwitchWorld {};

// From the order to the commit: one decision, a durable record, an action for each wish, and in the end
// nobody is watched any more.
TEST_F(SwitchStepTest, ASwitchIsOneDecision) {
  Start(QuickSwitch());
  ASSERT_TRUE(reply_.status.ok()) << reply_.status;
  EXPECT_EQ(reply_.decision, TheSwitch().id);
  EXPECT_EQ(TheSwitch().cluster, "east");
  EXPECT_EQ(TheSwitch().summary,
            "Switch web: the traffic of shop/web goes from cluster east to cluster west in 3 steps");
  EXPECT_TRUE(TheSwitch().policy.empty());
  PassUntil([this] { return Green() == 50; });
  EXPECT_EQ(shown_.at("web").record.step, 1u);
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(Green(), 100u);
  EXPECT_EQ(TheSwitch().state, DecisionState::kSucceeded);
  EXPECT_EQ(TheSwitch().outcome, TheRecord().outcome);
  EXPECT_EQ(TheRecord().end, SwitchEnd::kCommitted);
  ASSERT_GE(TheSwitch().actions.size(), 3u);
  for (const Action& action : TheSwitch().actions) {
    EXPECT_EQ(action.state, ActionState::kDone) << action.number;
    EXPECT_EQ(action.name_space + "/" + action.name, "edge/web");
    EXPECT_TRUE(action.finish_time.has_value());
  }
  EXPECT_FALSE(TheSwitch().evidence.empty());
  ASSERT_FALSE(TheSwitch().guards.empty());
  for (const GuardAnswer& guard : TheSwitch().guards) EXPECT_TRUE(guard.allowed) << guard.reason;
  EXPECT_TRUE(watches_.empty());
  EXPECT_TRUE(applications_.empty());
  EXPECT_TRUE(probers_.empty());
  EXPECT_TRUE(shown_.empty());
}

// A plan is answered with what it found, and leaves no decision.
TEST_F(SwitchStepTest, APlanLeavesNothing) {
  PlanSwitch plan;
  plan.request_id = 9;
  plan.spec = QuickSwitch();
  Tell(plan);
  Pass(absl::Seconds(2));
  EXPECT_EQ(reply_.request_id, 9u);
  EXPECT_TRUE(reply_.status.ok()) << reply_.status;
  EXPECT_EQ(reply_.forecasts.size(), 3u);
  EXPECT_TRUE(switches_.empty());
  for (const auto& [id, decision] : decisions_) EXPECT_NE(decision.kind, DecisionKind::kSwitch);
  EXPECT_TRUE(released_.empty());
  EXPECT_TRUE(watches_.empty());
  EXPECT_TRUE(shown_.empty());
}

// A cluster that nobody watches is no place to switch to: the decision says so, and nothing is moved.
TEST_F(SwitchStepTest, AClusterThatIsNotWatchedRefusesIt) {
  SwitchSpec spec = QuickSwitch();
  spec.to = "nowhere";
  Start(spec);
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(TheSwitch().state, DecisionState::kRefused);
  EXPECT_EQ(TheSwitch().outcome,
            "The preflight found what blocks it: cluster nowhere: the coordinator does not watch it");
  ASSERT_FALSE(TheSwitch().guards.empty());
  EXPECT_EQ(TheSwitch().guards.front(),
            (GuardAnswer{"preflight cluster", false, "cluster nowhere: the coordinator does not watch it"}));
  EXPECT_TRUE(released_.empty());
}

// L4: a coordinator that dies at any step is followed by one that ends it, under its own epoch's mark (L7).
TEST_F(SwitchStepTest, GoesOnInAnotherProcess) {
  SwitchSpec spec = QuickSwitch();
  spec.hold.length = absl::Minutes(1);
  Start(spec);
  for (const uint32_t percent : {10u, 50u, 100u}) {
    PassUntil([&] { return Green() == percent; });
    Boot();
    ASSERT_TRUE(IsOpen());
    PassUntil([this] { return reading_.mark->epoch == epoch_; });
    EXPECT_GE(Green(), percent);
  }
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(TheRecord().end, SwitchEnd::kCommitted);
  EXPECT_EQ(TheSwitch().id.epoch, 1u);
}

// What had no answer when the coordinator died is written again by the next one.
TEST_F(SwitchStepTest, WritesAgainWhatHadNoAnswer) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  answers_ = false;
  const size_t before = released_.size();
  PassUntil([&] { return released_.size() > before; });
  Boot();
  EXPECT_EQ(Green(), 10u);
  const uint32_t unanswered = released_[before].action.number;
  EXPECT_EQ(TheSwitch().actions[unanswered - 1].state, ActionState::kSkipped);
  answers_ = true;
  Boot();
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(TheRecord().end, SwitchEnd::kCommitted);
}

// An answer that did not come is one more attempt of the same action, after a pause.
TEST_F(SwitchStepTest, AsksAgainWhatIsUnreachable) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  answers_ = false;
  const size_t before = released_.size();
  PassUntil([&] { return released_.size() > before; });
  const ReleasedAction first = released_.back();
  answers_ = true;
  Tell(ActionFinished{.decision = first.decision,
                      .number = first.action.number,
                      .outcome = ActionOutcome::kUnreachable,
                      .detail = "no answer within 3 s",
                      .attempt = 1});
  EXPECT_EQ(TheSwitch().actions.back().state, ActionState::kPending);
  PassUntil([this] { return Green() == 50; });
  EXPECT_EQ(TheSwitch().actions.back().number, first.action.number);
  EXPECT_EQ(TheSwitch().actions.back().attempts, 2u);
}

// An operator's pause of either cluster holds the switch; what is on green stays there.
TEST_F(SwitchStepTest, APausedClusterHoldsIt) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  PauseClusters pause;
  pause.cluster = "west";
  pause.length = absl::Hours(1);
  Tell(pause);
  Pass(absl::Seconds(20));
  EXPECT_EQ(Green(), 10u);
  EXPECT_EQ(shown_.at("web").waits_for, "the end of the pause of cluster west");
  ResumeClusters resume;
  resume.cluster = "west";
  Tell(resume);
  PassUntil([this] { return Green() == 50; });
}

// A node of green that falls silent holds the step; pods of green that are not Ready take it back.
TEST_F(SwitchStepTest, ASilentNodeOfGreenHoldsTheStep) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  SessionClosed closed;
  closed.node = {"west", "node-2"};
  closed.session_id = 2;
  closed.last_beat = now_;
  Tell(closed);
  Pass(absl::Seconds(10));
  EXPECT_EQ(Green(), 10u);
  EXPECT_NE(Reasons(shown_.at("web").gates, GateVerdict::kInconclusive).find("node-2"), std::string::npos);
  pods_["west"].ready = 2;
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(Green(), 0u);
  EXPECT_EQ(TheSwitch().state, DecisionState::kFailed);
  EXPECT_EQ(TheRecord().end, SwitchEnd::kRolledBack);
}

// L1: an agent that says goodbye, as in its rollout, is no sick node while its kubelet answers.
TEST_F(SwitchStepTest, AnAgentThatLeavesIsNoSickNode) {
  witnesses_reach_ = true;
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  SessionClosed closed;
  closed.node = {"west", "node-2"};
  closed.session_id = 2;
  closed.goodbye = true;
  closed.last_beat = now_;
  Tell(closed);
  PassUntil([this] { return Green() == 50; });
}

// A rollback is handed out in the very step in which it is ordered.
TEST_F(SwitchStepTest, RollsBackInTheStepOfTheOrder) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 50; });
  Pass(absl::Seconds(1));
  ASSERT_TRUE(Order("web", SwitchOrder::kRollBack).ok()) << reply_.status;
  EXPECT_EQ(Green(), 0u);
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(TheRecord().end, SwitchEnd::kRolledBack);
  // Nothing has failed: it was given up, as somebody wanted.
  EXPECT_EQ(TheSwitch().state, DecisionState::kCancelled);
}

// An order means one switch, also where another was started under its name since.
TEST_F(SwitchStepTest, AnOrderForOneThatHasEndedIsNothingToTheNext) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  const DecisionId first = TheSwitch().id;
  ASSERT_TRUE(Order("web", SwitchOrder::kRollBack, first).ok()) << reply_.status;
  PassUntil([this] { return shown_.empty(); });
  Start(QuickSwitch());
  ASSERT_TRUE(reply_.status.ok()) << reply_.status;
  PassUntil([this] { return Green() == 10; });
  const absl::Status status = Order("web", SwitchOrder::kRollBack, first);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            absl::StrCat("switch web of decision ", first.ToString(),
                         " has ended; one that was started since has its name, of decision ",
                         shown_.at("web").decision.ToString()));
  EXPECT_EQ(Green(), 10u);
  EXPECT_TRUE(Order("web", SwitchOrder::kRollBack, shown_.at("web").decision).ok()) << reply_.status;
}

// A decision whose record the store has lost is closed, and says what is to be done.
TEST_F(SwitchStepTest, AnIntentWithoutItsRecordIsClosed) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 10; });
  switches_.clear();
  Boot();
  EXPECT_EQ(TheSwitch().state, DecisionState::kFailed);
  EXPECT_TRUE(watches_.empty());
}

// L12: a core that is made of a checkpoint in the midst of a switch holds the same, to the byte.
TEST_F(SwitchStepTest, ACheckpointHoldsItWhole) {
  Start(QuickSwitch());
  PassUntil([this] { return Green() == 50; });
  const std::string bytes = core_->Checkpoint();
  auto copy = Core::FromCheckpoint(bytes);
  ASSERT_TRUE(copy.ok()) << copy.status();
  EXPECT_EQ((*copy)->Checkpoint(), bytes);
  core_ = *std::move(copy);
  PassUntil([this] { return !IsOpen(); });
  EXPECT_EQ(TheRecord().end, SwitchEnd::kCommitted);
}

// A switch that is healed for weeks does not fill the store: its first actions go, once they have ended.
TEST(SwitchTurnTest, KeepsABoundedNumberOfActions) {
  State state;
  state.epoch = 3;
  Turn turn(state, kStart);
  TurnSwitchHost host(turn);
  SwitchRecord record;
  record.spec = QuickSwitch();
  const DecisionId id = host.Open(record);
  std::vector<Action>& actions = state.open.at(id).decision.actions;
  host.Release(id, 1, {});
  for (uint32_t number = 2; number <= 300; ++number) {
    host.Release(id, number, {});
    actions.back().state = ActionState::kDone;
  }
  EXPECT_EQ(actions.size(), kMostShapeActions);
  EXPECT_EQ(actions.front().number, 1u);  // no answer yet
  EXPECT_EQ(actions[1].number, 300 - kMostShapeActions + 2);
  // An answer to one that was left out comes to nothing; one to the first finds it.
  ActionFinished answer;
  answer.decision = id;
  answer.number = 5;
  OnShapeAnswered(turn, state.open.at(id), answer);
  answer.number = 1;
  OnShapeAnswered(turn, state.open.at(id), answer);
  EXPECT_EQ(actions.front().state, ActionState::kDone);
}

}  // namespace
}  // namespace evenkeel::coordinator
