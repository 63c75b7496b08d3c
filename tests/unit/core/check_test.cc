// How a silent node is checked: who is asked what, and what an answer, or none, proves.

#include "gtest/gtest.h"
#include "tests/unit/core/step_world.h"

namespace evenkeel::coordinator {
namespace {

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

}  // namespace
}  // namespace evenkeel::coordinator
