// What the core does with single events: those of the past, those out of order, and its own deadlines. Whole
// stories are in tests/scenario.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/core/core.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class StepTest : public testing::Test {
 protected:
  explicit StepTest(
      Restored restored = Restored{.epoch = 1, .open_decisions = {}, .nodes = {}, .policies = {}})
      : core_(restored, now_) {}

  // Steps now, with ticks up to there.
  Effects Step(const Event& event) { return core_.Step(event, now_); }

  // Lets time pass with the ticks that the core asks for; what they lead to is appended to `all`.
  void Pass(absl::Duration by) {
    const absl::Time end = now_ + by;
    while (core_.NextDeadline() <= end) {
      now_ = std::max(now_, core_.NextDeadline());
      Keep(core_.Step(Tick{}, now_));
    }
    now_ = end;
  }

  void Keep(const Effects& effects) {
    for (const Notice& notice : effects.notices) {
      if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) Take(*verdict);
      if (const auto* sight = std::get_if<SightChanged>(&notice)) blind_ = sight->blind;
    }
    for (const Request& request : effects.requests) {
      if (std::holds_alternative<ProbeNode>(request)) probes_.push_back(std::get<ProbeNode>(request));
      if (std::holds_alternative<AskKubelet>(request)) kubelets_.push_back(std::get<AskKubelet>(request));
      if (std::holds_alternative<ReadLease>(request)) leases_.push_back(std::get<ReadLease>(request));
    }
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
    }
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutClusterRecord>(&write)) cluster_ = put->record;
    }
    for (const Request& request : effects.requests) {
      if (const auto* taken = std::get_if<WithdrawActions>(&request)) withdrawn_.push_back(*taken);
    }
    for (const Reply& reply : effects.replies) reply_ = reply;
    for (const ReleasedAction& action : effects.actions) actions_.push_back(action);
  }

  void Take(const VerdictChanged& verdict) {
    verdicts_[verdict.node.node] = verdict.verdict;
    reasons_[verdict.node.node] = verdict.reason;
    confidences_[verdict.node.node] = verdict.confidence;
  }

  void Do(const Event& event) { Keep(Step(event)); }

  static NodeKey Key(int i) { return {"local", "node-" + std::to_string(i)}; }

  // A cluster of `nodes` whose agents have all come in, and sight is clear.
  void Raise(int nodes) {
    Do(ClusterAdded{"local"});
    for (int i = 1; i <= nodes; ++i) {
      NodeFacts facts;
      facts.uid = "uid-" + std::to_string(i);
      facts.address = "10.0.0." + std::to_string(i);
      facts.ready = true;
      Do(NodeObserved{Key(i), facts});
      Do(SessionOpened{Key(i), static_cast<uint64_t>(i), "boot-1", "0.1.0", 9440,
                       "agent-" + std::to_string(i)});
    }
    Do(ApiChanged{"local", true, ""});
    Pass(absl::Seconds(6));
    ASSERT_FALSE(blind_);
  }

  void Miss(int i, uint64_t session) {
    const absl::Time last = now_ - absl::Milliseconds(600);
    Do(BeatMissed{Key(i), session, last, static_cast<uint64_t>(absl::ToUnixMillis(last)),
                  absl::Milliseconds(600)});
  }

  // All witnesses and the API answer as for node-`dead` being off, in both phases of the round.
  void AnswerDead(int dead, KubeletWay way = KubeletWay::kNoAnswer) {
    now_ += absl::Milliseconds(300);
    AnswerLeases();
    AnswerProbes(dead);
    AnswerKubelets(way);
    AnswerLeases();
  }

  // The controls, which are all others, answer.
  void AnswerProbes(int dead, ProbeOutcome controls = ProbeOutcome::kReached) {
    for (const ProbeNode& probe : std::exchange(probes_, {})) {
      ProbeAnswered answer;
      answer.probe_id = probe.probe_id;
      answer.kubelet_tcp = answer.agent = probe.target == Key(dead) ? ProbeOutcome::kTimedOut : controls;
      Do(answer);
    }
  }

  void AnswerKubelets(KubeletWay way) {
    for (const AskKubelet& ask : std::exchange(kubelets_, {})) {
      Do(KubeletAnswered{.request_id = ask.request_id, .node = ask.node, .way = way, .detail = "as told"});
    }
  }

  void AnswerLeases() {
    for (const ReadLease& read : std::exchange(leases_, {})) {
      LeaseRead answer;
      answer.request_id = read.request_id;
      answer.node = read.node;
      answer.ok = true;
      answer.lease = {true, "7", start_};
      Do(answer);
    }
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  absl::Time now_ = start_;
  Core core_;
  std::map<std::string, Verdict> verdicts_;
  std::map<std::string, std::string> reasons_;
  std::map<std::string, Confidence> confidences_;
  bool blind_ = false;
  std::vector<ProbeNode> probes_;
  std::vector<ReadLease> leases_;
  std::vector<AskKubelet> kubelets_;
  std::map<DecisionId, Decision> decisions_;
  std::vector<ReleasedAction> actions_;
  std::vector<WithdrawActions> withdrawn_;
  ClusterRecord cluster_;
  Reply reply_;

  void Enforce(const DisruptionLimits& limits = {}) {
    ApplyPolicy apply;
    apply.policy.name = "p";
    apply.policy.failover.cluster = "local";
    apply.policy.failover.mode = PolicyMode::kEnforce;
    apply.policy.failover.limits = limits;
    Do(apply);
  }
};

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

// The witnesses of a round are asked with what they need, and the answers of strangers are ignored.
TEST_F(StepTest, AsksWitnessesWithAddressAndPorts) {
  Raise(4);
  Miss(2, 2);
  ASSERT_EQ(probes_.size(), 6u);
  EXPECT_EQ(probes_[0].witness, Key(3));
  EXPECT_EQ(probes_[0].session_id, 3u);
  EXPECT_EQ(probes_[0].address, "10.0.0.2");
  EXPECT_EQ(probes_[0].kubelet_port, 10250);
  EXPECT_EQ(probes_[0].agent_port, 9440);
  EXPECT_EQ(probes_[0].timeout, absl::Milliseconds(300));
  // The next witness is its control.
  EXPECT_EQ(probes_[1].witness, Key(3));
  EXPECT_EQ(probes_[1].target, Key(4));
  EXPECT_EQ(probes_[1].address, "10.0.0.4");
  ASSERT_EQ(kubelets_.size(), 1u);
  EXPECT_EQ(kubelets_[0].agent_pod, "agent-2");
  EXPECT_EQ(kubelets_[0].timeout, absl::Milliseconds(300));
  ProbeAnswered stranger;
  stranger.probe_id = 999;
  stranger.agent = ProbeOutcome::kReached;
  Do(stranger);
  EXPECT_EQ(verdicts_["node-2"], Verdict::kSuspect);
}

// A round is judged when its answers are due, with those that are there; then the node is checked again.
TEST_F(StepTest, ARoundWithoutAnswersIsNoVerdict) {
  Raise(3);
  Miss(1, 1);
  Pass(absl::Milliseconds(600));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kSuspect);
  const size_t asked = probes_.size();
  Pass(absl::Milliseconds(500));
  EXPECT_GT(probes_.size(), asked);
}

// A witness that falls silent before the judgement does not count.
TEST_F(StepTest, ASilentWitnessDoesNotCount) {
  Raise(30);  // a budget of three silent nodes
  Miss(1, 1);
  ASSERT_EQ(probes_.size(), 6u);
  now_ += absl::Milliseconds(300);
  const ProbeNode first = probes_[0];
  probes_.resize(4);  // the third of them does not answer
  AnswerProbes(1);
  AnswerKubelets(KubeletWay::kNoAnswer);
  Do(BeatMissed{first.witness, first.session_id, now_, 1, absl::Milliseconds(600)});
  AnswerLeases();
  Pass(absl::Milliseconds(400));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kSuspect);
}

// L1: "I cannot reach it" of witnesses that reach nobody proves nothing: their network is sick, or a firewall
// closes the port everywhere.
TEST_F(StepTest, WitnessesThatReachNobodyProveNothing) {
  Raise(4);
  for (int round = 0; round < 5; ++round) {
    if (round == 0) Miss(1, 1);
    now_ += absl::Milliseconds(300);
    AnswerLeases();
    AnswerKubelets(KubeletWay::kNoAnswer);
    AnswerProbes(1, ProbeOutcome::kTimedOut);
    AnswerLeases();
    EXPECT_EQ(verdicts_["node-1"], Verdict::kSuspect) << reasons_["node-1"];
    EXPECT_EQ(reasons_["node-1"],
              "no beat for 600 ms; only 0 of 3 witnesses could tell that it cannot be reached, and 2 must");
    Pass(absl::Seconds(1));
  }
}

// L1: nobody vouches for a lone witness; what it meets in either of its two tries vetoes death.
TEST_F(StepTest, ALoneWitnessIsAskedTwice) {
  Raise(2);
  Miss(1, 1);
  now_ += absl::Milliseconds(300);
  AnswerLeases();
  AnswerKubelets(KubeletWay::kNoAnswer);
  ASSERT_EQ(probes_.size(), 2u);
  ProbeAnswered lost;
  lost.probe_id = probes_[0].probe_id;
  lost.kubelet_tcp = lost.agent = ProbeOutcome::kTimedOut;
  ProbeAnswered met = lost;
  met.probe_id = probes_[1].probe_id;
  met.agent = ProbeOutcome::kReached;
  EXPECT_EQ(probes_[0].target, Key(1));
  EXPECT_EQ(probes_[1].target, Key(1));
  Do(lost);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kSuspect);
  Do(met);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kPartitioned) << reasons_["node-1"];
}

// L1: a node that only the API server reaches is alive.
TEST_F(StepTest, TheApiServersAnswerVetoesDeath) {
  Raise(3);
  Miss(1, 1);
  AnswerKubelets(KubeletWay::kAnswered);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kAgentLost);
  EXPECT_EQ(reasons_["node-1"], "its agent is silent, but the API server reaches its kubelet");
  // It is checked again, and the veto ends with the answers.
  probes_.clear();
  leases_.clear();
  Pass(absl::Seconds(1));
  AnswerDead(1);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead) << reasons_["node-1"];
}

// Where nobody can say whether the API server reaches the kubelet, the lease alone speaks for that way: it is
// watched for longer than a kubelet takes to renew it.
TEST_F(StepTest, WithoutTheApiServersAnswerTheLeaseIsWatched) {
  Raise(3);
  const absl::Time silent = now_;
  Miss(1, 1);
  while (verdicts_["node-1"] == Verdict::kSuspect && now_ < silent + absl::Minutes(1)) {
    AnswerDead(1, KubeletWay::kNotTried);
    Pass(absl::Milliseconds(700));
  }
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_GE(now_ - silent, absl::Seconds(12));
  EXPECT_LE(now_ - silent, absl::Seconds(15));
  EXPECT_EQ(confidences_["node-1"], Confidence::kLow);
}

// The more independent proofs agree, the surer a death is; life is always sure.
TEST_F(StepTest, ConfidenceCountsIndependentProofs) {
  Raise(3);
  EXPECT_EQ(confidences_["node-1"], Confidence::kHigh);
  Miss(1, 1);
  EXPECT_EQ(confidences_["node-1"], Confidence::kLow);
  AnswerDead(1);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_EQ(confidences_["node-1"], Confidence::kMedium);  // no zones: the witnesses count as of one
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
  apply.policy.failover.cluster = "local";
  apply.policy.failover.mode = PolicyMode::kEnforce;
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
  apply.policy.failover.cluster = "local";
  apply.policy.failover.mode = PolicyMode::kEnforce;
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

// L1: a late sign of life takes back what has been handed out and not been sent. What was taken back counts
// as never tried, and with nothing done to the node the decision is cancelled.
TEST_F(StepTest, ALateSignOfLifeTakesBackWhatIsNotSent) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(BeatResumed{Key(1), 1});
  ASSERT_EQ(withdrawn_.size(), 1u);
  EXPECT_EQ(withdrawn_[0].decision, id);
  EXPECT_EQ(withdrawn_[0].cluster, "local");
  EXPECT_NE(withdrawn_[0].reason.find("node-1 lives"), std::string::npos) << withdrawn_[0].reason;
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kOpen);  // whether it was sent is not known yet

  Do(ActionFinished{id, 1, ActionOutcome::kWithdrawn, "taken back before it was sent"});
  EXPECT_EQ(decisions_.at(id).state, DecisionState::kCancelled);
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kSkipped);
  EXPECT_EQ(decisions_.at(id).actions.at(0).attempts, 0u);
  EXPECT_FALSE(decisions_.at(id).actions.at(0).release_time);
  Do(ActionFinished{id, 1, ActionOutcome::kDone, "too late"});
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kSkipped);
}

// L2: so does blindness. The action is handed out again after a fresh verdict.
TEST_F(StepTest, BlindnessTakesBackWhatIsNotSent) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ApiChanged{"local", false, "no answer for 5 s"});
  ASSERT_EQ(withdrawn_.size(), 1u);
  Do(ActionFinished{id, 1, ActionOutcome::kWithdrawn, ""});
  EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kPending);
  EXPECT_EQ(actions_.size(), 1u);
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Milliseconds(100));
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 2u);
  EXPECT_EQ(actions_[1].action.attempts, 1u);
}

// L2: so does an answer that never came, for all that is still waiting beside it; and a pause takes back what
// an outage had frozen already.
TEST_F(StepTest, WhatIsFrozenIsTakenBackToo) {
  Raise(3);
  Enforce();
  for (const char* pod : {"web-1", "web-2", "web-3"}) {
    Do(PodObserved{{"local", "shop", pod},
                   {.uid = pod,
                    .node = "node-1",
                    .phase = "Running",
                    .ready = true,
                    .controller = {"ReplicaSet", "web", "uid-web"}}});
  }
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ActionFinished{id, 1, ActionOutcome::kDone, ""});
  ASSERT_EQ(actions_.size(), 4u);
  Do(ActionFinished{id, 2, ActionOutcome::kUnreachable, "no answer", 1});
  EXPECT_EQ(withdrawn_.size(), 1u);
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  EXPECT_GE(withdrawn_.size(), 2u);
  Do(ActionFinished{id, 3, ActionOutcome::kWithdrawn, "", 1});
  EXPECT_EQ(decisions_.at(id).actions.at(2).state, ActionState::kPending);
}

// L11: a failover that a pause has frozen is judged again when the pause is over, however long ago its node
// was checked last.
TEST_F(StepTest, AfterAPauseTheNodeIsJudgedAgain) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  Pass(absl::Seconds(10));  // dead and being dealt with: nobody looks at it any more
  ASSERT_TRUE(probes_.empty());
  Do(PauseClusters{.request_id = 1, .cluster = "local"});
  Do(ActionFinished{actions_[0].decision, 1, ActionOutcome::kWithdrawn, "", 1});
  Pass(absl::Minutes(1));
  EXPECT_EQ(actions_.size(), 1u);
  probes_.clear();
  leases_.clear();
  kubelets_.clear();
  Do(ResumeClusters{.request_id = 2, .cluster = "local"});
  Pass(absl::Milliseconds(10));
  AnswerDead(1);
  EXPECT_EQ(actions_.size(), 2u);
}

// L1: that an earlier try was taken back, or not answered, says nothing about the one that is under way: that
// one is still taken back when the node speaks.
TEST_F(StepTest, AnAnswerToAnEarlierTryDoesNotHideTheLast) {
  Raise(3);
  Enforce();
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  const DecisionId id = actions_[0].decision;
  Do(ApiChanged{"local", false, "no answer for 5 s"});
  Do(ApiChanged{"local", true, ""});
  Pass(absl::Milliseconds(100));
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 2u);
  ASSERT_EQ(actions_[1].action.attempts, 2u);
  for (const ActionOutcome outcome : {ActionOutcome::kWithdrawn, ActionOutcome::kUnreachable}) {
    Do(ActionFinished{id, 1, outcome, "of the first", 1});
    EXPECT_EQ(decisions_.at(id).actions.at(0).state, ActionState::kReleased);
    EXPECT_EQ(decisions_.at(id).actions.at(0).attempts, 2u);
  }
  withdrawn_.clear();
  Do(BeatResumed{Key(1), 1});
  EXPECT_EQ(withdrawn_.size(), 1u);
}

// What was booked for a longer window refuses for no longer than the new one.
TEST_F(StepTest, AShorterWindowShortensWhatIsBooked) {
  Raise(3);
  Enforce({.max_disruptions = 1, .disruption_window = absl::Hours(24)});
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(cluster_.booked_until, now_ + absl::Hours(24));
  Enforce({.max_disruptions = 1, .disruption_window = absl::Minutes(5)});
  EXPECT_EQ(cluster_.booked_until, now_ + absl::Minutes(5));
}

// A clock that was ahead at an earlier run leaves nothing behind that refuses until it is that late again.
TEST_F(StepTest, WhatLiesInTheFutureIsBoundedAtTheStart) {
  ClusterRecord record;
  record.cluster = "local";
  record.booked_until = now_ + absl::Hours(72);
  record.domain_booked_until["a"] = now_ + absl::Hours(72);
  record.storm = now_ + absl::Hours(72);
  Restored restored;
  restored.epoch = 2;
  restored.clusters.push_back(record);
  Core core(restored, now_);
  Keep(core.Step(ClusterAdded{"local"}, now_));
  const absl::Duration window = DisruptionLimits{}.disruption_window;
  EXPECT_EQ(cluster_.booked_until, now_ + window);
  EXPECT_EQ(cluster_.domain_booked_until.at("a"), now_ + window);
  EXPECT_EQ(cluster_.storm, now_);
}

// L6: what is booked of the rate is in the writes of the step that opens the decision.
TEST_F(StepTest, ADisruptionIsBookedWithItsIntent) {
  Raise(3);
  Enforce({.max_disruptions = 2, .disruption_window = absl::Minutes(10)});
  Miss(1, 1);
  AnswerDead(1);
  ASSERT_EQ(actions_.size(), 1u);
  EXPECT_EQ(cluster_.booked_until, now_ + absl::Minutes(5));
  EXPECT_TRUE(cluster_.domain_booked_until.empty());  // no zones are known
}

// Orders about what is not there are answered so, and change nothing.
TEST_F(StepTest, OrdersAboutStrangersAreRefused) {
  Raise(2);
  Do(StartMaintenance{.request_id = 1, .node = Key(9), .length = absl::Hours(1)});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(StartMaintenance{.request_id = 2, .node = {"elsewhere", "node-1"}, .length = absl::Hours(1)});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(EndMaintenance{.request_id = 3, .node = Key(1)});
  EXPECT_EQ(reply_.request_id, 3u);
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(PauseClusters{.request_id = 4, .cluster = "elsewhere"});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(ResumeClusters{.request_id = 5, .cluster = "elsewhere"});
  EXPECT_EQ(reply_.status.code(), absl::StatusCode::kNotFound);
  Do(ResumeClusters{.request_id = 6});  // nothing is paused: no mistake
  EXPECT_TRUE(reply_.status.ok());
  EXPECT_TRUE(reply_.pauses.empty());
  EXPECT_TRUE(decisions_.empty());
}

// An order that is only to be checked is answered as it would be, and changes nothing.
TEST_F(StepTest, OrdersCanBeChecked) {
  Raise(2);
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1), .reason = "disk", .validate_only = true});
  ASSERT_TRUE(reply_.maintenance);
  EXPECT_EQ(reply_.maintenance->end, now_ + absl::Hours(1));
  Do(PauseClusters{.reason = "work", .validate_only = true});
  ASSERT_EQ(reply_.pauses.size(), 1u);
  EXPECT_EQ(reply_.pauses[0].end, absl::InfiniteFuture());
  EXPECT_TRUE(decisions_.empty());
  EXPECT_FALSE(cluster_.pause);
}

// A second order of the same kind gives the first a new end; each leaves its record.
TEST_F(StepTest, OrdersCanBeProlonged) {
  Raise(2);
  const absl::Time first = now_;
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1)});
  Pass(absl::Minutes(30));
  Do(StartMaintenance{.node = Key(1), .length = absl::Hours(1)});
  EXPECT_EQ(reply_.maintenance->start, first);
  EXPECT_EQ(reply_.maintenance->end, now_ + absl::Hours(1));
  Do(PauseClusters{.length = absl::Minutes(5)});
  Do(PauseClusters{});
  EXPECT_EQ(cluster_.pause->end, absl::InfiniteFuture());
  Pass(absl::Minutes(10));
  EXPECT_TRUE(cluster_.pause);
  EXPECT_EQ(decisions_.size(), 4u);
  for (const auto& [id, decision] : decisions_) EXPECT_EQ(decision.state, DecisionState::kSucceeded);
}

}  // namespace
}  // namespace evenkeel::coordinator
