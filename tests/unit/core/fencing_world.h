// A cluster whose agents and API answer at once; what is off or mute does not.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "coordinator/core/core.h"
#include "coordinator/core/fencing_time.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {

inline constexpr absl::Duration kWatchdog = absl::Seconds(5);

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
    if (const auto boot = boots_.find(node); boot != boots_.end()) facts.boot_id = boot->second;
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
    apply.policy.failover().cluster = "local";
    apply.policy.failover().mode = PolicyMode::kEnforce;
    apply.policy.failover().max_unavailable_nodes = 2;
    apply.policy.failover().fencing = fencing;
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
        shown_[verdict->node.node] = verdict->self_fencing;
      }
    }
    for (const Reply& reply : effects.replies) replies_[reply.request_id] = reply;
    for (const Request& request : effects.requests) Answer(request);
    for (const ReleasedAction& action : effects.actions) Carry(action);
  }

  void Answer(const Request& request) {
    if (std::holds_alternative<WithdrawActions>(request)) ++withdrawals_;
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
  size_t withdrawals_ = 0;
  std::optional<ActionOutcome> hook_;               // none: it does not answer
  std::optional<ActionFinished> asked_;             // what it was asked last, as if it had succeeded
  std::set<ActionKind> lost_;                       // actions whose answers are lost
  absl::Time renewed_ = start_ - absl::Seconds(5);  // every node's lease
  bool old_server_ = false;
  uint64_t fence_ = 0;                        // that agents say they keep
  std::map<std::string, std::string> boots_;  // as Kubernetes shows them; not there: it does not
  std::map<std::string, uint64_t> sessions_;
  std::map<std::string, absl::Time> last_beat_;
  std::map<std::string, PodFacts> pods_;
  std::map<std::string, FencingSettings> told_;
  std::map<std::string, Verdict> verdicts_;
  std::map<std::string, std::optional<coordinator::SelfFencing>> shown_;
  std::map<uint64_t, Reply> replies_;
  std::map<DecisionId, Decision> decisions_;
  std::map<NodeKey, NodeRecord> records_;
  std::map<std::string, Policy> policies_;
  std::vector<Done> done_;
};

}  // namespace evenkeel::coordinator
