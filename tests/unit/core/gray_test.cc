// What the core does with sick nodes where single events decide it: reconnections, orders, policies that
// change and answers that are lost. Whole stories are in tests/scenario.

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/core/core.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

class GrayTest : public testing::Test {
 protected:
  explicit GrayTest(const NodeRecord& first = {})
      : core_(std::make_unique<Core>(
            Restored{.epoch = 1, .open_decisions = {}, .nodes = Known(first), .policies = {}}, now_)) {
    if (!first.uid.empty()) records_["node-1"] = first;
  }

  static std::vector<NodeRecord> Known(const NodeRecord& first) {
    if (first.uid.empty()) return {};
    return {first};
  }

  void Do(const Event& event) { Keep(core_->Step(event, now_)); }

  // Lets time pass with the ticks that the core asks for.
  void Pass(absl::Duration by) {
    const absl::Time end = now_ + by;
    while (core_->NextDeadline() <= end) {
      now_ = std::max(now_, core_->NextDeadline());
      Keep(core_->Step(Tick{}, now_));
    }
    now_ = end;
  }

  void Keep(const Effects& effects) {
    for (const Notice& notice : effects.notices) {
      if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) {
        verdicts_[verdict->node.node] = verdict->verdict;
      }
    }
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
      if (const auto* put = std::get_if<PutNodeRecord>(&write)) records_[put->record.key.node] = put->record;
      if (const auto* put = std::get_if<PutClusterRecord>(&write)) cluster_ = put->record;
    }
    for (const Request& request : effects.requests) {
      if (const auto* probe = std::get_if<ProbeNode>(&request)) probes_.push_back(*probe);
      if (const auto* ask = std::get_if<AskKubelet>(&request)) kubelets_.push_back(*ask);
      if (const auto* read = std::get_if<ReadLease>(&request)) leases_.push_back(*read);
      if (const auto* back = std::get_if<WithdrawActions>(&request)) withdrawn_.push_back(back->decision);
    }
    for (const ReleasedAction& action : effects.actions) actions_.push_back(action);
  }

  static NodeKey Key(int i) { return {"local", "node-" + std::to_string(i)}; }

  NodeFacts Facts(int i) const {
    NodeFacts facts;
    facts.uid = "uid-" + std::to_string(i);
    facts.address = "10.0.0." + std::to_string(i);
    facts.ready = true;
    if (const auto known = records_.find(Key(i).node); known != records_.end()) {
      facts.failover_taint = known->second.failed_over;
      facts.gray_taint = known->second.gray.tainted;
    }
    return facts;
  }

  // Three nodes, whose agents have all come in; sight is clear and the policy in force.
  void Raise() {
    Do(ClusterAdded{"local"});
    for (const Event& pod : pods_) Do(pod);
    Enforce();
    for (int i = 1; i <= 3; ++i) {
      Do(NodeObserved{Key(i), Facts(i)});
      Open(i, static_cast<uint64_t>(i));
    }
    Do(ApiChanged{"local", true, ""});
    Pass(absl::Seconds(6));
  }

  // The coordinator dies, and another takes what was written; `pods_` are what it finds.
  void Restart() {
    Restored restored{.epoch = ++epoch_, .open_decisions = {}, .nodes = {}, .policies = {}};
    for (const auto& [id, decision] : decisions_) {
      if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
    }
    for (const auto& [name, record] : records_) restored.nodes.push_back(record);
    if (!cluster_.cluster.empty()) restored.clusters.push_back(cluster_);
    core_ = std::make_unique<Core>(restored, now_);
    actions_.clear();
    Raise();
  }

  void Open(int i, uint64_t session, const std::string& boot = "boot-1") {
    Do(SessionOpened{Key(i), session, boot, "0.1.0", 9440, "agent-" + std::to_string(i)});
  }

  void Enforce() {
    ApplyPolicy apply;
    apply.policy.name = "p";
    apply.policy.failover() = policy_;
    Do(apply);
  }

  static FailoverPolicy WholeLadder() {
    FailoverPolicy policy;
    policy.cluster = "local";
    policy.mode = PolicyMode::kEnforce;
    policy.readmit_after = absl::Seconds(10);
    policy.rebalance = true;
    policy.gray.taint = policy.gray.restart = policy.gray.drain = true;
    return policy;
  }

  void Tell(int i, uint64_t session, std::vector<Symptom> symptoms) {
    Do(NodeHealthChanged{Key(i), session, std::move(symptoms), true});
  }

  Symptom Lasting(SymptomKind kind, uint32_t figure = 0) const { return {kind, "it is sick", figure, {}}; }
  Symptom Seen(SymptomKind kind, uint32_t figure = 0) const { return {kind, "it is sick", figure, now_}; }

  static Event PodOn(const std::string& pod, int node, const std::string& controller) {
    PodFacts facts;
    facts.uid = "uid-" + pod;
    facts.node = Key(node).node;
    facts.phase = "Running";
    facts.ready = true;
    facts.controller = {"ReplicaSet", controller, "uid-" + controller};
    return PodObserved{{"local", "shop", pod}, facts};
  }
  // A pod that is there from the beginning, and one that comes later.
  void Place(const std::string& pod, int node, const std::string& controller) {
    pods_.push_back(PodOn(pod, node, controller));
  }
  void Put(const std::string& pod, int node, const std::string& controller) {
    Do(PodOn(pod, node, controller));
  }
  void Remove(const std::string& pod) { Do(PodGone{{"local", "shop", pod}}); }

  // The node loses its power: nobody reaches it, its lease stays as it was.
  void Die(int i, uint64_t session) {
    const absl::Time last = now_ - absl::Milliseconds(600);
    Do(BeatMissed{Key(i), session, last, static_cast<uint64_t>(absl::ToUnixMillis(last)),
                  absl::Milliseconds(600)});
    now_ += absl::Milliseconds(200);
    AnswerLeases();
    for (const ProbeNode& probe : std::exchange(probes_, {})) {
      ProbeAnswered answer;
      answer.probe_id = probe.probe_id;
      const bool dead = probe.target == Key(i);
      answer.kubelet_tcp = answer.agent = dead ? ProbeOutcome::kTimedOut : ProbeOutcome::kReached;
      Do(answer);
    }
    for (const AskKubelet& ask : std::exchange(kubelets_, {})) {
      Do(KubeletAnswered{.request_id = ask.request_id, .node = ask.node, .way = KubeletWay::kNoAnswer});
    }
    AnswerLeases();
  }
  void AnswerLeases() {
    for (const ReadLease& read : std::exchange(leases_, {})) {
      LeaseRead answer;
      answer.request_id = read.request_id;
      answer.node = read.node;
      answer.ok = true;
      answer.lease = {true, "7", absl::FromUnixSeconds(1'000'000)};
      Do(answer);
    }
  }

  // Answers what was handed out since the last call; what that leads to waits for the next one.
  std::vector<ActionKind> Answer(ActionOutcome outcome = ActionOutcome::kDone) {
    std::vector<ActionKind> kinds;
    for (const ReleasedAction& released : std::exchange(actions_, {})) {
      kinds.push_back(released.action.kind);
      Do(ActionFinished{released.decision, released.action.number, outcome, "", released.action.attempts});
    }
    return kinds;
  }

  // node-1 is drained of a-1 and b-1, and nobody knows whether a-1 was evicted.
  void LoseTheAnswerOfAnEviction() {
    Place("a-1", 1, "a");
    Place("b-1", 1, "b");
    Raise();
    Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
    Pass(absl::Seconds(31));
    ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
    ASSERT_EQ(Answer(ActionOutcome::kUnreachable), std::vector{ActionKind::kEvictPod});
  }

  // The newest decision of the kind; null: there is none.
  const Decision* Newest(DecisionKind kind) const {
    const Decision* newest = nullptr;
    for (const auto& [id, decision] : decisions_) {
      if (decision.kind == kind) newest = &decision;
    }
    return newest;
  }
  bool IsOpen(DecisionKind kind) const {
    const Decision* decision = Newest(kind);
    return decision != nullptr && decision->state == DecisionState::kOpen;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'000'000);
  FailoverPolicy policy_ = WholeLadder();
  std::vector<Event> pods_;
  uint64_t epoch_ = 1;
  std::unique_ptr<Core> core_;
  std::map<std::string, Verdict> verdicts_;
  std::map<std::string, NodeRecord> records_;  // as they were written last
  std::map<DecisionId, Decision> decisions_;
  std::vector<ReleasedAction> actions_;
  std::vector<ProbeNode> probes_;
  std::vector<AskKubelet> kubelets_;
  std::vector<ReadLease> leases_;
  std::vector<DecisionId> withdrawn_;
  ClusterRecord cluster_;
};

// What its kernel said is true still when the agent opens another session, and a new agent would not say it
// again; only another boot has another kernel.
TEST_F(GrayTest, AReconnectionForgetsNothingOfTheKernel) {
  Raise();
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  Pass(absl::Seconds(10));
  Open(1, 11);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  Tell(1, 11, {});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kGray);
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  Tell(1, 11, {Lasting(SymptomKind::kMemoryStall, 10)});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kGray);

  Open(1, 12, "boot-2");
  Tell(1, 12, {});
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  EXPECT_FALSE(IsOpen(DecisionKind::kGray));
}

// Nor is it another episode: what was recorded of it is not recorded again, and people who were called are
// not called again.
TEST_F(GrayTest, AReconnectionBeginsNothingAnew) {
  policy_.gray = {};
  Raise();
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_EQ(Newest(DecisionKind::kGray)->state, DecisionState::kObserved);
  const size_t recorded = decisions_.size();
  Open(1, 11);
  Tell(1, 11, {});
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  EXPECT_EQ(decisions_.size(), recorded);

  policy_ = WholeLadder();
  Enforce();
  Pass(absl::Seconds(6));
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  Answer();
  Pass(absl::Minutes(16));
  ASSERT_EQ(Newest(DecisionKind::kGray)->state, DecisionState::kFailed);
  const size_t called = decisions_.size();
  Open(1, 12);
  Tell(1, 12, {});
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  Pass(absl::Seconds(10));
  EXPECT_EQ(decisions_.size(), called);
}

// A policy that enforces more rungs in the middle of a ladder: the taint comes before the drain, as ever.
TEST_F(GrayTest, ANewPolicyTaintsBeforeItDrains) {
  policy_.gray.taint = policy_.gray.drain = false;
  Place("web-1", 1, "web");
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  ASSERT_TRUE(actions_.empty());  // there is no restart for a disk
  policy_ = WholeLadder();
  Enforce();
  Pass(absl::Seconds(2));
  EXPECT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  EXPECT_TRUE(records_["node-1"].gray.tainted);
  Pass(absl::Seconds(2));
  EXPECT_EQ(Answer(), std::vector{ActionKind::kEvictPod});
}

// The time until people are called does not run while an operator's order holds the ladder: it begins anew
// when that is over.
TEST_F(GrayTest, OrdersStopTheTimeUntilPeopleAreCalled) {
  policy_.gray.drain = false;
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  Pass(absl::Minutes(10));
  StartMaintenance start;
  start.node = Key(1);
  start.length = absl::Hours(1);
  Do(start);
  Pass(absl::Minutes(30));
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  Pass(absl::Minutes(30));  // it ends by itself
  PauseClusters pause;
  pause.cluster = "local";
  Do(pause);
  Pass(absl::Hours(2));
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  ResumeClusters resume;
  resume.cluster = "local";
  Do(resume);
  Pass(absl::Minutes(14));
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  Pass(absl::Minutes(1) + absl::Seconds(1));
  EXPECT_EQ(Newest(DecisionKind::kGray)->state, DecisionState::kFailed);
}

// The end of an order is not stored. A coordinator that starts soon after it hears of the node before it
// calls for people, and calls then.
TEST_F(GrayTest, AStartAfterAnOrderCallsNobodyAtOnce) {
  policy_.gray.drain = false;
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  PauseClusters pause;
  pause.cluster = "local";
  Do(pause);
  Pass(absl::Minutes(30));
  ResumeClusters resume;
  resume.cluster = "local";
  Do(resume);
  Pass(absl::Minutes(1));
  Restart();
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Minutes(5));
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
  Pass(absl::Seconds(30));
  EXPECT_EQ(Newest(DecisionKind::kGray)->state, DecisionState::kFailed);
  EXPECT_NE(Newest(DecisionKind::kGray)->outcome.find("is still sick"), std::string::npos);
}

// A task that hangs is said once, and hangs on while an order holds the ladder: people are called when that
// is over, and the node is well only after it.
TEST_F(GrayTest, WhatIsSaidOnceOutlastsAnOrder) {
  Raise();
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  PauseClusters pause;
  pause.cluster = "local";
  Do(pause);
  Pass(absl::Hours(2));
  ResumeClusters resume;
  resume.cluster = "local";
  Do(resume);
  Open(1, 11);
  Tell(1, 11, {});  // it is said to no other session
  Pass(absl::Minutes(15) + absl::Seconds(5));
  EXPECT_EQ(Newest(DecisionKind::kGray)->state, DecisionState::kFailed);
  EXPECT_EQ(verdicts_["node-1"], Verdict::kGray);
  Pass(absl::Minutes(4));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kGray);
  Pass(absl::Minutes(1));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kHealthy);
}

// L4, L6: an eviction whose answer was lost may have been done. It is asked again before another pod is
// disturbed, and once its pod is gone it counts like any other.
TEST_F(GrayTest, AnEvictionThatNobodyAnsweredIsClearedUpFirst) {
  Place("a-1", 1, "a");
  Place("b-1", 1, "b");
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(actions_.size(), 1U);
    EXPECT_EQ(actions_.front().action.name, "a-1");
    Answer(ActionOutcome::kUnreachable);
    EXPECT_TRUE(actions_.empty());
    if (i == 0) Pass(absl::Seconds(1));
  }
  Remove("a-1");
  Pass(absl::Seconds(3));
  EXPECT_TRUE(actions_.empty());  // its replacement is awaited
  const Decision& decision = *Newest(DecisionKind::kGray);
  ASSERT_EQ(decision.workloads.size(), 1U);
  EXPECT_EQ(decision.workloads.front().controller.name, "a");
  EXPECT_EQ(decision.workloads.front().removed, 1U);
  EXPECT_EQ(records_["node-1"].moved.size(), 1U);
  Put("a-2", 2, "a");
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
}

// One that is never answered, because something in the API server's way hangs for this pod, does not hold the
// others for ever.
TEST_F(GrayTest, AnEvictionThatIsNeverAnsweredDoesNotHoldTheDrain) {
  LoseTheAnswerOfAnEviction();
  for (int i = 0; i < 4; ++i) {
    Pass(absl::Seconds(10));
    ASSERT_EQ(actions_.size(), 1U);
    EXPECT_EQ(actions_.front().action.name, "a-1");
    Answer(ActionOutcome::kUnreachable);
  }
  Pass(absl::Seconds(30));  // the pauses have grown
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
}

// L4: that a second try was taken back says nothing of the first.
TEST_F(GrayTest, AnEvictionInDoubtStaysSoWhenItIsTakenBack) {
  LoseTheAnswerOfAnEviction();
  Pass(absl::Seconds(1));
  ASSERT_EQ(Answer(ActionOutcome::kWithdrawn), std::vector{ActionKind::kEvictPod});
  Pass(absl::Seconds(3));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "a-1");
  Answer(ActionOutcome::kBlocked);  // now it is known: others may go first
  Pass(absl::Seconds(2));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
}

// L4, L6: the same where the coordinator was started again before the second try. What is gone with its pod,
// whose it was, is in what was written before.
TEST_F(GrayTest, AnUnansweredEvictionIsClearedUpAfterAStart) {
  LoseTheAnswerOfAnEviction();
  pods_.clear();
  Place("b-1", 1, "b");
  Restart();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(33));
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  EXPECT_TRUE(actions_.empty());  // its replacement is awaited
  const Decision& decision = *Newest(DecisionKind::kGray);
  ASSERT_EQ(decision.workloads.size(), 1U);
  EXPECT_EQ(decision.workloads.front().controller.name, "a");
  EXPECT_EQ(decision.workloads.front().removed, 1U);
  EXPECT_EQ(records_["node-1"].moved.size(), 1U);
  Put("a-2", 2, "a");
  Pass(absl::Seconds(1));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
}

// And where it was not done: it is asked again before another pod is.
TEST_F(GrayTest, AnUnansweredEvictionComesFirstAfterAStart) {
  LoseTheAnswerOfAnEviction();
  Restart();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "a-1");
}

// L6: its replacement may be Ready before anybody knows that it was done. It counts as its replacement, and
// not as one that was there before; nor is another one awaited.
TEST_F(GrayTest, AReplacementThatCameBeforeTheAnswerIsOne) {
  LoseTheAnswerOfAnEviction();
  Put("a-2", 2, "a");
  Remove("a-1");
  Pass(absl::Seconds(2));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
  const WorkloadRecovery& first = Newest(DecisionKind::kGray)->workloads.front();
  EXPECT_EQ(first.controller.name, "a");
  EXPECT_EQ(first.removed, 1U);
  EXPECT_EQ(first.restored, 1U);
}

TEST_F(GrayTest, AReplacementThatCameBeforeAStartIsOne) {
  LoseTheAnswerOfAnEviction();
  pods_.clear();
  Place("a-2", 2, "a");
  Place("b-1", 1, "b");
  Restart();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(actions_.size(), 1U);
  EXPECT_EQ(actions_.front().action.name, "b-1");
  const WorkloadRecovery& first = Newest(DecisionKind::kGray)->workloads.front();
  EXPECT_EQ(first.controller.name, "a");
  EXPECT_EQ(first.removed, 1U);
  EXPECT_EQ(first.restored, 1U);
}

// A part is restarted for its own sickness: one that fell sick a second ago, on a node that is GRAY for
// something else, may be back in a moment.
TEST_F(GrayTest, RestartsOnlyWhatHasBeenSickForLongEnough) {
  policy_.gray.drain = false;
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  Tell(1, 1, {Lasting(SymptomKind::kKubelet), Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(29));
  EXPECT_TRUE(actions_.empty());
  Pass(absl::Seconds(2));
  EXPECT_EQ(Answer(), std::vector{ActionKind::kRestartKubelet});
}

// Kubelet and runtime stop together, and that the runtime has is seen a moment later: it is still the runtime
// that gets the ladder's one restart.
TEST_F(GrayTest, TheRuntimeComesBeforeAKubeletThatFellSickFirst) {
  policy_.gray.drain = false;
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kKubelet)});
  Pass(absl::Seconds(2));
  Tell(1, 1, {Lasting(SymptomKind::kKubelet), Lasting(SymptomKind::kRuntime)});
  Pass(absl::Milliseconds(28'500));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kTaintGray});
  EXPECT_TRUE(actions_.empty());
  Pass(absl::Seconds(3));
  EXPECT_EQ(Answer(), std::vector{ActionKind::kRestartRuntime});
}

// L6: a node that dies while it is cared for is disrupted once, and not a second time by its failover.
TEST_F(GrayTest, ADeathInCareIsNoSecondDisruption) {
  Raise();
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  const absl::Time booked = cluster_.booked_until;
  ASSERT_GT(booked, now_);
  Pass(absl::Seconds(5));
  Die(1, 1);
  ASSERT_EQ(verdicts_["node-1"], Verdict::kDead);
  ASSERT_TRUE(IsOpen(DecisionKind::kFailover));
  EXPECT_EQ(cluster_.booked_until, booked);
}

// L6: care that a pause has drawn out was booked long ago: a death in it is a disruption of its own day.
TEST_F(GrayTest, ADeathInALongCareIsAnother) {
  Raise();
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  const absl::Time booked = cluster_.booked_until;
  Pass(policy_.limits.disruption_window + absl::Seconds(5));
  ASSERT_TRUE(IsOpen(DecisionKind::kGray));
  Die(1, 1);
  ASSERT_TRUE(IsOpen(DecisionKind::kFailover));
  EXPECT_GT(cluster_.booked_until, booked);
}

// node-1 was failed over by an earlier coordinator, and is back. A pod of "web" was moved off it.
class GrayReturnTest : public GrayTest {
 protected:
  explicit GrayReturnTest(bool tainted = false) : GrayTest(Record(tainted)) {}

  static NodeRecord Record(bool tainted) {
    NodeRecord record;
    record.key = Key(1);
    record.uid = "uid-1";
    record.agent_seen = true;
    record.failed_over = true;
    WorkloadRecovery moved;
    moved.name_space = "shop";
    moved.controller = {"ReplicaSet", "web", "uid-web"};
    moved.removed = moved.restored = 1;
    record.moved = {moved};
    record.gray.tainted = tainted;
    return record;
  }

  void RaiseWithPods() {
    Place("web-1", 2, "web");
    Place("web-2", 2, "web");
    Raise();
  }
};

class SickReturnTest : public GrayReturnTest {
 protected:
  SickReturnTest() : GrayReturnTest(true) {}
};

// L1: no pod is moved onto a node that has turned GRAY.
TEST_F(GrayReturnTest, RebalanceEndsWhenItsNodeIsSick) {
  RaiseWithPods();
  Pass(absl::Seconds(10));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kUntaintNode});
  ASSERT_TRUE(IsOpen(DecisionKind::kRebalance));
  Tell(1, 1, {Lasting(SymptomKind::kHungDisk)});
  Pass(absl::Seconds(31));
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  EXPECT_FALSE(IsOpen(DecisionKind::kRebalance));
  EXPECT_NE(Newest(DecisionKind::kRebalance)->outcome.find("node-1 is sick"), std::string::npos);
  EXPECT_TRUE(IsOpen(DecisionKind::kGray));
}

// What has not been sent of it is taken back.
TEST_F(GrayReturnTest, RebalanceTakesBackItsEvictionWhenItsNodeIsSick) {
  RaiseWithPods();
  Pass(absl::Seconds(10));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kUntaintNode});
  ASSERT_EQ(actions_.size(), 1U);
  const DecisionId rebalance = Newest(DecisionKind::kRebalance)->id;
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_FALSE(IsOpen(DecisionKind::kRebalance));
  EXPECT_EQ(withdrawn_, std::vector{rebalance});
}

// A node that fell sick while its taint was being taken off, and that the policy does not taint for it: pods
// come back when it is well.
TEST_F(GrayReturnTest, RebalanceWaitsForASicknessWithoutTaint) {
  policy_.gray = {};
  RaiseWithPods();
  Tell(1, 1, {});
  Pass(absl::Seconds(10));
  ASSERT_TRUE(IsOpen(DecisionKind::kReadmission));
  Tell(1, 1, {Seen(SymptomKind::kHungTask)});
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  ASSERT_EQ(Answer(), std::vector{ActionKind::kUntaintNode});
  EXPECT_EQ(Newest(DecisionKind::kRebalance), nullptr);
  ASSERT_EQ(records_["node-1"].moved.size(), 1U);
  Tell(1, 1, {});
  EXPECT_TRUE(IsOpen(DecisionKind::kRebalance));
  EXPECT_TRUE(records_["node-1"].moved.empty());
}

// A node that is known to be sick is not readmitted because a reconnection has made it HEALTHY for the
// moment: its time begins when its agent finds nothing.
TEST_F(GrayReturnTest, ReadmissionWaitsUntilNothingIsFound) {
  policy_.gray = {};  // the sickness is only recorded
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kMemoryStall, 90)});
  Pass(absl::Seconds(20));
  ASSERT_EQ(verdicts_["node-1"], Verdict::kHealthy);  // it has not lasted for long enough
  EXPECT_EQ(Newest(DecisionKind::kReadmission), nullptr);
  Pass(absl::Seconds(11));
  ASSERT_EQ(verdicts_["node-1"], Verdict::kGray);
  Open(1, 11);
  Tell(1, 11, {Lasting(SymptomKind::kMemoryStall, 90)});
  Pass(absl::Seconds(20));
  ASSERT_EQ(verdicts_["node-1"], Verdict::kHealthy);
  EXPECT_EQ(Newest(DecisionKind::kReadmission), nullptr);
  Tell(1, 11, {});
  Pass(absl::Seconds(9));
  EXPECT_EQ(Newest(DecisionKind::kReadmission), nullptr);
  Pass(absl::Seconds(1));
  EXPECT_TRUE(IsOpen(DecisionKind::kReadmission));
}

// Nor before the first report of another session, however short the time is that a node must be well.
TEST_F(GrayReturnTest, ReadmissionWaitsForTheFirstReport) {
  policy_.gray = {};
  Raise();
  Tell(1, 1, {Lasting(SymptomKind::kMemoryStall, 90)});
  Pass(absl::Seconds(1));
  Open(1, 11);
  Pass(absl::Seconds(15));
  EXPECT_EQ(Newest(DecisionKind::kReadmission), nullptr);
  Tell(1, 11, {});
  Pass(absl::Seconds(2));
  EXPECT_TRUE(IsOpen(DecisionKind::kReadmission));
}

// While a taint for sickness is on, no pod could come: what was moved is remembered until that is off.
TEST_F(SickReturnTest, RebalanceWaitsForTheTaintForSickness) {
  RaiseWithPods();
  Tell(1, 1, {});
  Pass(absl::Seconds(10));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kUntaintNode});
  EXPECT_EQ(Newest(DecisionKind::kRebalance), nullptr);
  EXPECT_FALSE(records_["node-1"].failed_over);
  EXPECT_EQ(records_["node-1"].moved.size(), 1U);
  Pass(absl::Minutes(1));
  ASSERT_EQ(Answer(), std::vector{ActionKind::kUntaintGray});
  EXPECT_TRUE(IsOpen(DecisionKind::kRebalance));
  EXPECT_TRUE(records_["node-1"].moved.empty());
}

}  // namespace
}  // namespace evenkeel::coordinator
