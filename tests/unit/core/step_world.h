// One core that is stepped by hand: what it says and asks for is kept, and nothing is answered by itself.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "coordinator/core/core.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {

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
      if (const auto* domain = std::get_if<DomainSightChanged>(&notice)) domain_sights_.push_back(*domain);
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
      if (const auto* erase = std::get_if<EraseMaintenance>(&write)) erased_.push_back(erase->node);
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
  std::vector<DomainSightChanged> domain_sights_;
  std::vector<ProbeNode> probes_;
  std::vector<ReadLease> leases_;
  std::vector<AskKubelet> kubelets_;
  std::map<DecisionId, Decision> decisions_;
  std::vector<ReleasedAction> actions_;
  std::vector<WithdrawActions> withdrawn_;
  ClusterRecord cluster_;
  std::vector<NodeKey> erased_;  // maintenance windows
  Reply reply_;

  void Enforce(const DisruptionLimits& limits = {}) {
    ApplyPolicy apply;
    apply.policy.name = "p";
    apply.policy.failover().cluster = "local";
    apply.policy.failover().mode = PolicyMode::kEnforce;
    apply.policy.failover().limits = limits;
    Do(apply);
  }
};

}  // namespace evenkeel::coordinator
