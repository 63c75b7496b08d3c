// L5 from end to end in the core: what agents are told, what of it counts, how long is waited and from when,
// and that nothing which must not run twice is moved before a proof, whatever comes in between.

#include "coordinator/core/fencing.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/core.h"
#include "coordinator/core/fencing_time.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {
namespace {

constexpr absl::Duration kWatchdog = absl::Seconds(5);

// A cluster whose agents and API answer at once; what is off or mute does not.
class FencingTest : public testing::Test {
 protected:
  FencingTest() { Restart(); }

  void Restart() {
    Restored restored{.epoch = ++epoch_, .open_decisions = {}, .nodes = {}, .policies = {}};
    for (const auto& [id, decision] : decisions_) {
      if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
    }
    for (const auto& [key, record] : records_) restored.nodes.push_back(record);
    for (const auto& [name, policy] : policies_) restored.policies.push_back(policy);
    sessions_.clear();
    waiting_.clear();
    core_ = std::make_unique<Core>(restored, now_);
  }

  static NodeKey Key(const std::string& node) { return {"local", node}; }

  // Lists the cluster and lets every agent come in.
  void Raise(int nodes) {
    for (int i = 1; i <= nodes; ++i) nodes_.insert(absl::StrCat("node-", i));
    Give(ClusterAdded{"local"});
    for (const std::string& node : nodes_) Give(NodeObserved{Key(node), Facts(node)});
    for (const auto& [name, pod] : pods_) Give(PodObserved{{"local", "shop", name}, pod});
    Give(ApiChanged{"local", true, ""});
    for (const std::string& node : nodes_) {
      if (!off_.contains(node)) Open(node);
    }
    Pass(absl::Seconds(6));
  }

  NodeFacts Facts(const std::string& node) const {
    NodeFacts facts;
    facts.uid = absl::StrCat("uid-", node);
    facts.address = absl::StrCat("10.0.0.", node.substr(5));
    facts.ready = true;
    return facts;
  }

  void Open(const std::string& node) {
    sessions_[node] = ++last_session_;
    Give(SessionOpened{Key(node), last_session_, "boot-1", "0.1.0", 9440, absl::StrCat("agent-", node)});
  }

  void AddPod(const std::string& name, const std::string& node) {
    PodFacts pod;
    pod.uid = absl::StrCat("uid-", name, "-", node);
    pod.node = node;
    pod.phase = "Running";
    pod.ready = true;
    pod.controller = {"StatefulSet", "db", "uid-db"};
    pods_[name] = pod;
    if (core_ != nullptr) Give(PodObserved{{"local", "shop", name}, pod});
  }

  void Apply(FencingPolicy fencing) {
    ApplyPolicy apply;
    apply.policy.name = "failover";
    apply.policy.failover.cluster = "local";
    apply.policy.failover.mode = PolicyMode::kEnforce;
    apply.policy.failover.max_unavailable_nodes = 2;
    apply.policy.failover.fencing = fencing;
    Give(apply);
  }
  static FencingPolicy SelfFencing() {
    FencingPolicy fencing;
    fencing.self_fencing = true;
    fencing.isolation_timeout = absl::Seconds(10);
    fencing.stop_timeout = absl::Seconds(5);
    return fencing;
  }

  // The machine is off, or out of everybody's reach.
  void Off(const std::string& node) {
    off_.insert(node);
    last_beat_[node] = now_;
    Pass(absl::Milliseconds(600));
    Give(BeatMissed{Key(node), sessions_[node], last_beat_[node],
                    static_cast<uint64_t>(absl::ToUnixMillis(last_beat_[node]))});
    Pass(absl::Seconds(2));
  }

  void Give(const Event& event) {
    waiting_.push_back(event);
    while (!waiting_.empty()) {
      const Event next = waiting_.front();
      waiting_.pop_front();
      Take(core_->Step(next, now_));
    }
  }

  void Pass(absl::Duration by) {
    const absl::Time end = now_ + by;
    while (core_->NextDeadline() <= end) {
      now_ = std::max(now_, core_->NextDeadline());
      Give(Tick{});
    }
    now_ = end;
  }

  void Take(const Effects& effects) {
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
      if (const auto* put = std::get_if<PutNodeRecord>(&write)) records_[put->record.key] = put->record;
      if (const auto* put = std::get_if<PutPolicy>(&write)) policies_[put->policy.name] = put->policy;
    }
    for (const Notice& notice : effects.notices) {
      if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) {
        verdicts_[verdict->node.node] = verdict->verdict;
      }
    }
    for (const Reply& reply : effects.replies) replies_[reply.request_id] = reply;
    for (const Request& request : effects.requests) Answer(request);
    for (const ReleasedAction& action : effects.actions) Carry(action);
  }

  void Answer(const Request& request) {
    if (const auto* probe = std::get_if<ProbeNode>(&request)) {
      ProbeAnswered answer;
      answer.probe_id = probe->probe_id;
      answer.kubelet_tcp = answer.agent =
          off_.contains(probe->target.node) ? ProbeOutcome::kTimedOut : ProbeOutcome::kReached;
      waiting_.push_back(answer);
    } else if (const auto* read = std::get_if<ReadLease>(&request)) {
      LeaseRead answer;
      answer.request_id = read->request_id;
      answer.node = read->node;
      answer.ok = true;
      answer.lease = {true, absl::StrCat("version-", absl::ToUnixMillis(renewed_)), renewed_};
      waiting_.push_back(answer);
    } else if (const auto* ask = std::get_if<AskKubelet>(&request)) {
      const bool off = off_.contains(ask->node.node);
      waiting_.push_back(
          KubeletAnswered{.request_id = ask->request_id,
                          .node = ask->node,
                          .way = off ? KubeletWay::kNoAnswer : KubeletWay::kAnswered,
                          .detail = off ? "no log came in time" : "it has read a log from it"});
    } else if (const auto* set = std::get_if<SetFencing>(&request)) {
      told_[set->node.node] = set->settings;
      if (off_.contains(set->node.node) || mute_.contains(set->node.node)) return;
      waiting_.push_back(FencingReported{.node = set->node,
                                         .session_id = set->session_id,
                                         .version = set->settings.version,
                                         .armed = set->settings.armed,
                                         .watchdog_timeout = watchdog_,
                                         .fenced = fence_ != 0,
                                         .detail = "",
                                         .fence = fence_});
    }
  }

  void Carry(const ReleasedAction& released) {
    const Action& action = released.action;
    ActionFinished finished{released.decision, action.number, ActionOutcome::kDone, ""};
    done_.push_back({action.kind, action.name, now_});
    if (action.kind == ActionKind::kTaintOutOfService && old_server_) {
      finished.outcome = ActionOutcome::kNotKnownThere;
    }
    if (action.kind == ActionKind::kFenceNode) {
      asked_ = finished;
      asked_->attempt = action.attempts;
      if (!hook_) return;
      finished.outcome = *hook_;
    }
    if (lost_.contains(action.kind)) return;
    waiting_.push_back(finished);
    const auto pod = pods_.find(action.name);
    if (action.kind == ActionKind::kDeletePod && pod != pods_.end()) {
      waiting_.push_back(PodGone{{"local", "shop", action.name}});
      pods_.erase(pod);
    } else if (action.kind == ActionKind::kMarkPodUnready && pod != pods_.end()) {
      pod->second.ready = false;
      waiting_.push_back(PodObserved{{"local", "shop", action.name}, pod->second});
    }
  }

  struct Done {
    ActionKind kind;
    std::string name;
    absl::Time time;
  };
  std::optional<absl::Time> WhenDone(ActionKind kind, const std::string& name) const {
    const auto found = std::find_if(done_.begin(), done_.end(),
                                    [&](const Done& done) { return done.kind == kind && done.name == name; });
    return found == done_.end() ? std::nullopt : std::optional(found->time);
  }
  std::optional<absl::Time> Moved(const std::string& pod) const {
    return WhenDone(ActionKind::kDeletePod, pod);
  }
  absl::Duration Minimum() const {
    return EnforcedMinimum({.isolation_timeout = absl::Seconds(10),
                            .stop_timeout = absl::Seconds(5),
                            .watchdog_timeout = watchdog_,
                            .pods = {}});
  }
  const Decision& Failover(const std::string& node) const {
    for (const auto& [id, decision] : decisions_) {
      if (decision.kind == DecisionKind::kFailover && decision.node == node) return decision;
    }
    ADD_FAILURE() << "no failover of " << node;
    return decisions_.begin()->second;
  }
  size_t Failovers() const {
    return static_cast<size_t>(std::count_if(decisions_.begin(), decisions_.end(), [](const auto& each) {
      return each.second.kind == DecisionKind::kFailover;
    }));
  }
  static bool Says(const Decision& decision, const std::string& words) {
    return std::any_of(decision.evidence.begin(), decision.evidence.end(),
                       [&](const Evidence& each) { return absl::StrContains(each.observation, words); }) ||
           std::any_of(decision.alternatives.begin(), decision.alternatives.end(),
                       [&](const Alternative& each) { return absl::StrContains(each.reason, words); });
  }
  Reply Confirm(const std::string& node) {
    Give(ConfirmFence{.request_id = 77, .node = Key(node), .reason = "I pulled the plug"});
    return replies_.at(77);
  }

  const absl::Time start_ = absl::FromUnixSeconds(1'000'000);
  absl::Time now_ = start_;
  uint64_t epoch_ = 0;
  uint64_t last_session_ = 0;
  std::unique_ptr<Core> core_;
  std::deque<Event> waiting_;
  std::set<std::string> nodes_;
  std::set<std::string> off_;
  std::set<std::string> mute_;  // agents that follow no settings
  std::optional<absl::Duration> watchdog_ = kWatchdog;
  std::optional<ActionOutcome> hook_;               // none: it does not answer
  std::optional<ActionFinished> asked_;             // what it was asked last, as if it had succeeded
  std::set<ActionKind> lost_;                       // actions whose answers are lost
  absl::Time renewed_ = start_ - absl::Seconds(5);  // every node's lease
  bool old_server_ = false;
  uint64_t fence_ = 0;  // that agents say they keep
  std::map<std::string, uint64_t> sessions_;
  std::map<std::string, absl::Time> last_beat_;
  std::map<std::string, PodFacts> pods_;
  std::map<std::string, FencingSettings> told_;
  std::map<std::string, Verdict> verdicts_;
  std::map<uint64_t, Reply> replies_;
  std::map<DecisionId, Decision> decisions_;
  std::map<NodeKey, NodeRecord> records_;
  std::map<std::string, Policy> policies_;
  std::vector<Done> done_;
};

// Without a policy that asks for it no agent is told anything.
TEST_F(FencingTest, NobodyIsToldAnythingByDefault) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  EXPECT_TRUE(told_.empty());
}

// Each agent hears of its pods that must not run twice and of three peers, and what it confirms is durable.
TEST_F(FencingTest, AgentsAreArmed) {
  AddPod("db-0", "node-1");
  Raise(5);
  Apply(SelfFencing());
  const FencingSettings& told = told_.at("node-1");
  EXPECT_TRUE(told.armed);
  EXPECT_TRUE(told.release);
  EXPECT_EQ(told.isolation_timeout, absl::Seconds(10));
  ASSERT_EQ(told.marked.size(), 1u);
  EXPECT_EQ(told.marked[0].uid, "uid-db-0-node-1");
  EXPECT_EQ(told.vouchers.size(), kVouchers);
  const NodeFencing& record = records_.at(Key("node-1")).fencing;
  ASSERT_TRUE(record.armed);
  EXPECT_EQ(record.armed->pods, std::vector<std::string>{"uid-db-0-node-1"});
  EXPECT_EQ(record.armed->watchdog_timeout, kWatchdog);
  EXPECT_EQ(record.vouchers.size(), kVouchers);
  // A pod that comes later is marked, too.
  AddPod("db-1", "node-1");
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 2u);
}

// Without a peer that could vouch, every absence of the coordinator would be isolation: such an agent is not
// armed.
TEST_F(FencingTest, AnAgentWithoutPeersIsNotArmed) {
  AddPod("db-0", "node-1");
  Raise(1);
  Apply(SelfFencing());
  EXPECT_FALSE(told_.at("node-1").armed);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
}

// The pod moves once the computed minimum has passed, not before, and within a fresh verdict's time after it;
// in the one decision of the node.
TEST_F(FencingTest, MovesAfterTheEnforcedMinimum) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_TRUE(WhenDone(ActionKind::kMarkPodUnready, "db-0"));
  EXPECT_EQ(Failover("node-1").state, DecisionState::kOpen);
  Pass(Minimum() - absl::Seconds(3));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(5));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - last_beat_["node-1"], Minimum());
  EXPECT_FALSE(Moved("db-1"));
  AddPod("db-0", "node-3");
  EXPECT_EQ(Failovers(), 1u);
  const Decision& decision = Failover("node-1");
  EXPECT_EQ(decision.state, DecisionState::kSucceeded) << decision.outcome;
  EXPECT_TRUE(decision.timings.fenced);
  EXPECT_TRUE(Says(decision, "nobody vouches for it any more"));
  EXPECT_TRUE(Says(decision, "its agent has stopped its pods"));
  EXPECT_FALSE(Says(decision, "must not run twice: it waits"));
}

// The wait begins with the last promise: before it a peer may still have vouched. And without all promises it
// never ends.
TEST_F(FencingTest, WaitsForEveryVoucher) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  mute_.insert("node-3");
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  mute_.clear();
  const absl::Time promised = now_;
  Give(FencingReported{.node = Key("node-3"),
                       .session_id = sessions_["node-3"],
                       .version = told_["node-3"].version,
                       .armed = true,
                       .watchdog_timeout = kWatchdog,
                       .fenced = false,
                       .detail = ""});
  Pass(Minimum() - absl::Seconds(1));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(3));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - promised, Minimum());
}

// What the agent has not confirmed does not count: neither an agent that follows nothing, nor a pod it has
// not heard of.
TEST_F(FencingTest, OnlyWhatWasConfirmedCounts) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  mute_.insert("node-1");
  Apply(SelfFencing());
  Off("node-1");
  mute_.insert("node-2");
  AddPod("db-9", "node-2");
  Off("node-2");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "it had not confirmed that it would"));
  EXPECT_TRUE(Moved("db-1"));
  EXPECT_FALSE(Moved("db-9"));
  // A proof that holds for more is acted on, whatever was proven before.
  EXPECT_TRUE(Confirm("node-2").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-9"));
}

// A voucher is asked at its address: when that changes, or the voucher is no more, those who ask it hear of
// it.
TEST_F(FencingTest, AskersHearOfTheirVouchersChanges) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  NodeFacts facts = Facts("node-2");
  facts.address = "10.9.9.9";
  Give(NodeObserved{Key("node-2"), facts});
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 3u);
  EXPECT_EQ(told_.at("node-1").vouchers[0].address, "10.9.9.9");
  Give(NodeGone{Key("node-3")});
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 2u);
  EXPECT_EQ(told_.at("node-1").vouchers[1].node, "node-4");
}

// A peer that was failed over itself is nobody's voucher any more: it would be asked in vain.
TEST_F(FencingTest, AFailedOverNodeVouchesForNobody) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_EQ(told_.at("node-1").vouchers.size(), 3u);
  Off("node-2");
  ASSERT_EQ(verdicts_["node-2"], Verdict::kDead);
  for (const Voucher& voucher : told_.at("node-1").vouchers) EXPECT_NE(voucher.node, "node-2");
  EXPECT_TRUE(told_.at("node-1").armed);
}

// A pod that the newest settings leave out may be let go of without our hearing of it.
TEST_F(FencingTest, APodThatIsMarkedNoMoreIsNotCountedOn) {
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_EQ(records_.at(Key("node-1")).fencing.armed->pods.size(), 2u);
  mute_.insert("node-1");
  PodFacts done = pods_.at("db-1");
  done.phase = "Failed";
  Give(PodObserved{{"local", "shop", "db-1"}, done});
  EXPECT_EQ(records_.at(Key("node-1")).fencing.armed->pods, std::vector<std::string>{"uid-db-0-node-1"});
}

// An agent may find itself isolated, by a pause of its machine for one, while its session lives on: that it
// says so is answered, and the answer names the fence, so that older settings cannot be taken for it.
TEST_F(FencingTest, AFenceInALivingSessionIsAnswered) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  fence_ = 77;
  Give(FencingReported{.node = Key("node-1"),
                       .session_id = sessions_["node-1"],
                       .version = told_["node-1"].version,
                       .armed = true,
                       .watchdog_timeout = kWatchdog,
                       .fenced = true,
                       .detail = "",
                       .fence = fence_});
  EXPECT_EQ(told_.at("node-1").answered_fence, 77u);
  EXPECT_TRUE(told_.at("node-1").release);
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.armed);
}

// Settings that let an agent take longer may be followed without our hearing of it: once they are sent, what
// it had confirmed before does not count.
TEST_F(FencingTest, LongerTimesUndoWhatWasConfirmed) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.armed);
  mute_.insert("node-1");
  FencingPolicy longer = SelfFencing();
  longer.isolation_timeout = absl::Minutes(5);
  Apply(longer);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.armed);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
}

// Without a watchdog a frozen agent would leave its pods running; the policy has to accept that in so many
// words.
TEST_F(FencingTest, WithoutAWatchdogOnlyWhereThePolicySaysSo) {
  watchdog_.reset();
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  FencingPolicy fencing = SelfFencing();
  Apply(fencing);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "it has no watchdog"));
  fencing.without_watchdog = true;
  Apply(fencing);
  Off("node-2");
  Pass(Minimum() + absl::Seconds(2));
  EXPECT_TRUE(Moved("db-1"));
}

// A sign of life during the wait ends it: nothing is proven, peers may vouch again, and the pod stays.
TEST_F(FencingTest, ALateSignOfLifeEndsTheWait) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() - absl::Seconds(4));
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_EQ(told_.at("node-2").condemned, std::vector<std::string>{"node-1"});
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_TRUE(told_.at("node-2").condemned.empty());
}

// A witness that reaches the node when the wait is over vetoes as always: the node is judged once more before
// it is believed.
TEST_F(FencingTest, AWitnessThatReachesItVetoesTheProof) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() - absl::Seconds(4));
  off_.clear();  // its kubelet answers; its agent has not come back
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kPartitioned);
}

// A kubelet that renews its lease may have started anything: whatever was proven before it did so is proven
// no more, also when it falls silent again.
TEST_F(FencingTest, ARenewedLeaseWipesAProof) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  ASSERT_EQ(verdicts_["node-1"], Verdict::kDead);
  renewed_ = now_;
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_FALSE(Moved("db-0"));
}

// While no coordinator was there to see it, the node lived, and fell silent again: that it was off before
// proves nothing.
TEST_F(FencingTest, AProofThatTheMachineIsOffDoesNotOutliveItsLife) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.proof);
  renewed_ = now_;
  Restart();
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Minutes(2));
  EXPECT_EQ(verdicts_["node-1"], Verdict::kDead);
  EXPECT_FALSE(Moved("db-0"));
  // And where it did not live, it still holds.
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
}

TEST_F(FencingTest, AProofOutlivesTheCoordinator) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Give(PauseClusters{.request_id = 5, .cluster = "local", .length = absl::InfiniteDuration(), .reason = ""});
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_FALSE(Moved("db-0"));
  Restart();
  Raise(4);
  Give(ResumeClusters{.request_id = 6, .cluster = "local"});
  Pass(absl::Seconds(30));
  EXPECT_TRUE(Moved("db-0"));
}

// A machine that booted while its agent could not reach us runs pods that no agent has promised to stop.
TEST_F(FencingTest, APromiseIsOfOneBoot) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  ASSERT_TRUE(records_.at(Key("node-1")).fencing.armed);
  Off("node-1");
  NodeFacts facts = Facts("node-1");
  facts.boot_id = "boot-2";
  Give(NodeObserved{Key("node-1"), facts});
  Pass(absl::Minutes(2));
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "booted again"));
}

// L3, L4: the coordinator dies during the wait. The next one knows from the store what was promised by the
// agent, asks the peers again, and waits the whole minimum from their answers.
TEST_F(FencingTest, ARestartDuringTheWaitStartsItAgain) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(absl::Seconds(8));
  Restart();
  const absl::Time restarted = now_;
  Raise(4);
  Pass(Minimum() - absl::Seconds(8));
  EXPECT_FALSE(Moved("db-0"));
  Pass(absl::Seconds(20));
  ASSERT_TRUE(Moved("db-0"));
  EXPECT_GE(*Moved("db-0") - restarted, Minimum());
  EXPECT_EQ(Failovers(), 1u);
}

// A returned node keeps its pods stopped until it is readmitted; then it is told to let them run.
TEST_F(FencingTest, PodsStayStoppedUntilReadmission) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Off("node-1");
  Pass(Minimum() + absl::Seconds(5));
  ASSERT_TRUE(Moved("db-0"));
  AddPod("db-0", "node-3");
  off_.clear();
  Open("node-1");
  EXPECT_FALSE(told_.at("node-1").release);
  EXPECT_TRUE(told_.at("node-1").marked.empty());
  Pass(absl::Seconds(40));
  EXPECT_TRUE(told_.at("node-1").release);
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
}

// An operator's word is proof: in the decision that is open, or in one that goes on from where a closed one
// stopped; but only for a node that is DEAD, and it is judged once more.
TEST_F(FencingTest, AnOperatorConfirms) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  EXPECT_EQ(Confirm("node-1").status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Confirm("node-9").status.code(), absl::StatusCode::kNotFound);
  Off("node-1");
  EXPECT_NE(Failover("node-1").state, DecisionState::kOpen);
  EXPECT_FALSE(Moved("db-0"));
  EXPECT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
  EXPECT_TRUE(WhenDone(ActionKind::kTaintOutOfService, "node-1"));
  EXPECT_EQ(Failovers(), 2u);
  const Decision& second = decisions_.rbegin()->second;
  EXPECT_TRUE(Says(second, "an operator says that it is off: I pulled the plug"));
  AddPod("db-0", "node-3");
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(1));
  EXPECT_TRUE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.out_of_service);
}

// A server that does not know the taint is no failure: the pods are deleted all the same, and no taint is
// taken off later.
TEST_F(FencingTest, AnOldServerHasNoOutOfServiceTaint) {
  old_server_ = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
  AddPod("db-0", "node-3");
  EXPECT_EQ(decisions_.rbegin()->second.state, DecisionState::kSucceeded);
  off_.clear();
  Open("node-1");
  Pass(absl::Minutes(1));
  EXPECT_FALSE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
}

// The hook is asked beside all else; its success is proof, its failure is not.
TEST_F(FencingTest, TheHookProves) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  AddPod("db-1", "node-2");
  Raise(5);
  Apply(fencing);
  hook_ = ActionOutcome::kDone;
  Off("node-1");
  Pass(absl::Seconds(3));
  EXPECT_TRUE(WhenDone(ActionKind::kFenceNode, "node-1"));
  EXPECT_TRUE(Moved("db-0"));
  EXPECT_TRUE(Says(Failover("node-1"), "the fencing hook says that it is off"));
  hook_ = ActionOutcome::kRefused;
  Off("node-2");
  Pass(absl::Minutes(1));
  EXPECT_FALSE(Moved("db-1"));
  EXPECT_EQ(Failover("node-2").state, DecisionState::kOpen);
  // It is asked again while the pod waits, in growing pauses.
  const auto asked = std::count_if(done_.begin(), done_.end(), [](const Done& done) {
    return done.kind == ActionKind::kFenceNode && done.name == "node-2";
  });
  EXPECT_GE(asked, 4);
  EXPECT_LE(asked, 8);
  hook_ = ActionOutcome::kDone;
  Pass(absl::Seconds(35));
  EXPECT_TRUE(Moved("db-1"));
}

// The hook was asked, the node came back, and fell silent again: that it was off then does not say that it is
// off now.
TEST_F(FencingTest, AnAnswerFromBeforeASignOfLifeProvesNothing) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  ASSERT_TRUE(asked_);
  const ActionFinished earlier = *asked_;
  off_.clear();
  Give(BeatResumed{Key("node-1"), sessions_["node-1"]});
  Off("node-1");
  ASSERT_EQ(verdicts_["node-1"], Verdict::kDead);
  Give(earlier);
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  EXPECT_FALSE(Moved("db-0"));
}

// Also where the one decision is open all the time, as it is while replacements are awaited.
TEST_F(FencingTest, AnAnswerFromBeforeASignOfLifeProvesNothingInOneDecision) {
  FencingPolicy fencing;
  fencing.hook = true;
  AddPod("db-0", "node-1");
  AddPod("web-0", "node-1");
  pods_.at("web-0").controller = {"ReplicaSet", "web", "uid-web"};
  Raise(4);
  Apply(fencing);
  Off("node-1");
  ASSERT_TRUE(asked_);
  const ActionFinished earlier = *asked_;
  off_.clear();
  Give(BeatResumed{Key("node-1"), sessions_["node-1"]});
  Off("node-1");
  ASSERT_EQ(Failovers(), 1u);
  Give(earlier);
  Pass(absl::Seconds(10));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.proof);
  EXPECT_FALSE(Moved("db-0"));
}

// A proof that holds for all is taken after one that held for some, whoever it comes from.
TEST_F(FencingTest, TheHooksWordIsTakenAfterTheAgents) {
  FencingPolicy fencing = SelfFencing();
  fencing.hook = true;
  AddPod("db-1", "node-1");
  Raise(4);
  Apply(fencing);
  mute_.insert("node-1");
  AddPod("db-9", "node-1");
  Off("node-1");
  ASSERT_TRUE(asked_);
  Pass(Minimum() + absl::Seconds(3));
  EXPECT_TRUE(Moved("db-1"));
  EXPECT_FALSE(Moved("db-9"));
  Give(*asked_);
  Pass(absl::Seconds(3));
  EXPECT_TRUE(Moved("db-9"));
}

// An operator may give the coordinator a hook while pods wait for one: the node is judged again, and it is
// asked.
TEST_F(FencingTest, APolicyThatNamesTheHookLaterIsFollowed) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  Pass(absl::Minutes(1));
  ASSERT_NE(Failover("node-1").state, DecisionState::kOpen);
  EXPECT_FALSE(Moved("db-0"));
  hook_ = ActionOutcome::kDone;
  FencingPolicy fencing;
  fencing.hook = true;
  Apply(fencing);
  Pass(absl::Seconds(10));
  EXPECT_TRUE(Moved("db-0"));
}

// L4, L11: our out-of-service taint is ours from the instant at which it is asked for: its answer may be
// lost.
TEST_F(FencingTest, ATaintWhoseAnswerWasLostIsTakenOffAllTheSame) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply({});
  Off("node-1");
  lost_ = {ActionKind::kTaintOutOfService};
  ASSERT_TRUE(Confirm("node-1").status.ok());
  Pass(absl::Seconds(3));
  ASSERT_TRUE(WhenDone(ActionKind::kTaintOutOfService, "node-1"));
  EXPECT_TRUE(records_.at(Key("node-1")).fencing.out_of_service);
  lost_.clear();
  off_.clear();
  Restart();
  Raise(4);
  Pass(absl::Minutes(2));
  EXPECT_TRUE(WhenDone(ActionKind::kUntaintOutOfService, "node-1"));
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.out_of_service);
}

// A hook that does not answer holds nothing up: the agent's own fence is believed meanwhile.
TEST_F(FencingTest, AHookThatHangsHoldsNothingUp) {
  FencingPolicy fencing = SelfFencing();
  fencing.hook = true;
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(fencing);
  Off("node-1");
  Pass(Minimum() + absl::Seconds(3));
  EXPECT_TRUE(Moved("db-0"));
}

// Under mode observe nothing is asked of anybody's fence.
TEST_F(FencingTest, ObserveOnlyObserves) {
  AddPod("db-0", "node-1");
  Raise(4);
  Apply(SelfFencing());
  Policy policy = policies_.begin()->second;
  policy.failover.mode = PolicyMode::kObserve;
  ApplyPolicy apply;
  apply.policy = policy;
  Give(apply);
  Off("node-1");
  Pass(absl::Minutes(2));
  EXPECT_TRUE(done_.empty());
  EXPECT_FALSE(records_.at(Key("node-1")).fencing.condemned);
  EXPECT_EQ(Confirm("node-1").status.code(), absl::StatusCode::kFailedPrecondition);
}

// ---- the formulas ----

TEST(FencingTimeTest, IsolationIsAtLeastThirtyBeats) {
  const struct {
    std::optional<absl::Duration> policy;
    absl::Duration beat;
    absl::Duration expected;
  } table[] = {
      {std::nullopt, absl::Milliseconds(200), absl::Seconds(20)},
      {std::nullopt, absl::Seconds(1), absl::Seconds(30)},
      {absl::Seconds(8), absl::Milliseconds(200), absl::Seconds(8)},
      {absl::Seconds(8), absl::Seconds(1), absl::Seconds(30)},
      {absl::Minutes(3), absl::Seconds(5), absl::Minutes(3)},
  };
  for (const auto& row : table) {
    FencingPolicy policy;
    policy.isolation_timeout = row.policy;
    EXPECT_EQ(IsolationTimeout(policy, row.beat), row.expected);
  }
}

TEST(FencingTimeTest, TheMinimumCountsEverythingThatTheAgentMayTake) {
  const struct {
    absl::Duration isolation;
    absl::Duration stop;
    std::optional<absl::Duration> watchdog;
    absl::Duration expected;
  } table[] = {
      {absl::Seconds(20), absl::Seconds(10), std::nullopt, absl::Milliseconds(30'550)},
      {absl::Seconds(20), absl::Seconds(10), absl::Seconds(10), absl::Milliseconds(50'750)},
      {absl::Seconds(6), absl::Seconds(4), absl::Seconds(5), absl::Milliseconds(20'450)},
      {absl::Minutes(10), absl::Minutes(2), absl::Minutes(5), absl::Milliseconds(1'333'450)},
  };
  for (const auto& row : table) {
    const ArmedFence fence{.isolation_timeout = row.isolation,
                           .stop_timeout = row.stop,
                           .watchdog_timeout = row.watchdog,
                           .pods = {}};
    EXPECT_LT(absl::AbsDuration(EnforcedMinimum(fence) - row.expected), absl::Milliseconds(1));
  }
}

TEST(FencingTimeTest, ItIsBelievedFromTheLastWordOn) {
  const ArmedFence fence{.isolation_timeout = absl::Seconds(20),
                         .stop_timeout = absl::Seconds(10),
                         .watchdog_timeout = {},
                         .pods = {}};
  const absl::Time beat = absl::FromUnixSeconds(1000);
  const absl::Duration minimum = EnforcedMinimum(fence);
  EXPECT_EQ(BelievedFrom(fence, beat, {}), beat + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat - absl::Seconds(5)}), beat + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat + absl::Seconds(1), beat + absl::Seconds(3)}),
            beat + absl::Seconds(3) + minimum);
  EXPECT_EQ(BelievedFrom(fence, beat, {beat + absl::Seconds(1), std::nullopt}), std::nullopt);
}

}  // namespace
}  // namespace evenkeel::coordinator
