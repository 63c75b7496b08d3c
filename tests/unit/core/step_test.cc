// What the core does with single events: those of the past, those out of order, and its own deadlines. Whole
// stories are in tests/scenario.

#include <utility>

#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

// Silence and end of a session that is no longer the node's say nothing about the node.
TEST_F(StepTest, EventsOfAnOlderSessionAreIgnored) {
  Raise(3);
  Do(SessionOpened{Key(1), 17, "boot-1", "0.1.0", 9440, ""});
  Miss(1, 1);
  Do(SessionClosed{Key(1), 1, false, "late", now_, 1});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  EXPECT_TRUE(probes_.empty());
  Miss(1, 17);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kSuspect);
}

// A new session ends silence at once, and with it the round under way: its late answers mean nothing.
TEST_F(StepTest, ANewSessionEndsSilence) {
  Raise(3);
  Miss(1, 1);
  EXPECT_EQ(probes_.size(), 4u);  // two witnesses, each with its control
  Do(SessionOpened{Key(1), 17, "boot-2", "0.1.0", 9440, ""});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  AnswerDead(1);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  EXPECT_TRUE(decisions_.empty());
}

// Without an agent that ever spoke for it, a node is never judged.
TEST_F(StepTest, ANodeWithoutAgentIsNotJudged) {
  Raise(3);
  NodeFacts facts;
  facts.uid = "uid-9";
  Do(NodeObserved{Key(9), facts});
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-9"], Verdict::kUnknown);
}

// A step later than its deadline by more than half a second is a stall: verdicts are held back, and it is
// recorded.
TEST_F(StepTest, ALateStepIsAStall) {
  Raise(3);
  now_ = core_.NextDeadline() + absl::Milliseconds(500);
  Do(Tick{});
  EXPECT_FALSE(blind_);
  now_ = core_.NextDeadline() + absl::Milliseconds(501);
  Do(Tick{});
  EXPECT_TRUE(blind_);
  ASSERT_EQ(decisions_.size(), 1u);
  EXPECT_EQ(decisions_.begin()->second.kind, DecisionKind::kBlind);
  Pass(absl::Seconds(2));
  EXPECT_FALSE(blind_);
  EXPECT_EQ(decisions_.begin()->second.state, DecisionState::kSucceeded);
}

// The core asks to be called at least four times a second, whatever is due.
TEST_F(StepTest, AsksToBeCalledFourTimesASecond) {
  EXPECT_LE(core_.NextDeadline(), now_ + absl::Milliseconds(250));
  Raise(2);
  EXPECT_LE(core_.NextDeadline(), now_ + absl::Milliseconds(250));
}

// L3: the mark of what is handed out is in the writes of the same step.
TEST_F(StepTest, WhatIsHandedOutIsMarkedFirst) {
  Raise(3);
  ApplyPolicy apply;
  apply.policy.name = "p";
  apply.policy.failover().cluster = "local";
  apply.policy.failover().mode = PolicyMode::kEnforce;
  Do(apply);
  Miss(1, 1);
  AnswerDead(1);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  ASSERT_EQ(actions_.size(), 1u);
  const Decision& decision = decisions_.at(actions_[0].decision);
  EXPECT_EQ(decision.state, DecisionState::kOpen);
  EXPECT_EQ(decision.actions.at(0).state, ActionState::kReleased);
  EXPECT_EQ(decision.timings.intended, now_);
  // Answers that nobody awaits change nothing.
  Do(ActionFinished{actions_[0].decision, 0, ActionOutcome::kDone, ""});
  Do(ActionFinished{actions_[0].decision, 99, ActionOutcome::kDone, ""});
  Do(ActionFinished{{9, 9}, 1, ActionOutcome::kDone, ""});
  EXPECT_EQ(decisions_.at(actions_[0].decision).actions.at(0).state, ActionState::kReleased);
}

// A node whose object is replaced by another of its name starts anew; what was open on the old one ends.
TEST_F(StepTest, AReplacedNodeStartsAnew) {
  Raise(3);
  ApplyPolicy apply;
  apply.policy.name = "p";
  apply.policy.failover().cluster = "local";
  apply.policy.failover().mode = PolicyMode::kEnforce;
  Do(apply);
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  NodeFacts facts;
  facts.uid = "uid-new";
  facts.ready = true;
  Do(NodeObserved{Key(1), facts});
  EXPECT_EQ(decisions_.at(actions_[0].decision).state, DecisionState::kCancelled);
  // Its agent's session, still silent, is checked from the start; when that ends, nothing is known of the new
  // node.
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  Do(SessionClosed{Key(1), 1, false, "gone", now_, 1});
  facts.uid = "uid-newer";
  Do(NodeObserved{Key(1), facts});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kUnknown);
}

// What an agent's clock says is compared with the lease alone: any difference to ours changes nothing (L2).
TEST_F(StepTest, ClocksOfNodesDoNotMatter) {
  Raise(3);
  const absl::Time last = now_ - absl::Milliseconds(600);
  const absl::Duration ahead = absl::Hours(1000);
  Do(BeatMissed{Key(1), 1, last, static_cast<uint64_t>(absl::ToUnixMillis(last + ahead)),
                absl::Milliseconds(600)});
  now_ += absl::Milliseconds(300);
  const auto lease = [&](absl::Time renewed) {
    for (const ReadLease& read : std::exchange(leases_, {})) {
      LeaseRead answer;
      answer.request_id = read.request_id;
      answer.node = read.node;
      answer.ok = true;
      answer.lease = {true, "7", renewed};
      Do(answer);
    }
  };
  lease(last + ahead - absl::Seconds(3));
  AnswerProbes(1);
  AnswerKubelets(KubeletWay::kNoAnswer);
  lease(last + ahead - absl::Seconds(3));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
}

}  // namespace
}  // namespace evenkeel::coordinator
