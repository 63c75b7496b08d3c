// A workload of Lab 2's kind before the real core: Deployment shop/web, 100m a pod, target 50 %, 2 to 10
// pods. The test plays observe/, usage/, act/ and the store.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "gtest/gtest.h"

namespace evenkeel::coordinator {

class ScaleFixture : public testing::Test {
 protected:
  ScaleFixture() : core_(std::make_unique<Core>(Restored{.epoch = 1}, now_)) {}

  static Workload Web() { return {"apps", "Deployment", "shop", "web"}; }

  static Policy WebPolicy(PolicyMode mode = PolicyMode::kEnforce) {
    Policy policy;
    policy.name = "web";
    ScalePolicy scale;
    scale.cluster = "local";
    scale.target = Web();
    scale.version = "v1";
    scale.mode = mode;
    scale.rules.minimums.replicas = 2;
    scale.rules.maximum = 10;
    scale.rules.target.value = 50;
    policy.spec = scale;
    return policy;
  }

  // ---- the host ----

  void Do(const Event& event) { Keep(core_->Step(event, now_)); }

  // Lets time pass, with the ticks that the core asks for.
  void Pass(absl::Duration by) {
    const absl::Time end = now_ + by;
    while (core_->NextDeadline() <= end) {
      now_ = std::max(now_, core_->NextDeadline());
      Keep(core_->Step(Tick{}, now_));
    }
    now_ = end;
  }

  // The process dies; another starts on what was durable. The cluster is added, and not listed yet.
  void Restart(absl::Duration down = absl::ZeroDuration()) {
    now_ += down;
    Restored restored{.epoch = ++epoch_};
    for (const auto& [id, decision] : decisions_) {
      if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
    }
    for (const auto& [name, policy] : policies_) restored.policies.push_back(policy);
    for (const auto& [name, record] : records_) restored.scalers.push_back(record);
    for (const auto& [name, record] : clusters_) restored.clusters.push_back(record);
    actions_.clear();
    requests_.clear();
    core_ = std::make_unique<Core>(restored, now_);
    Do(ClusterAdded{"local"});
  }

  void Apply(const Policy& policy) { Do(ApplyPolicy{.request_id = 1, .policy = policy}); }

  void Finish(const ReleasedAction& action, ActionOutcome outcome, const std::string& detail = "") {
    Do(ActionFinished{action.decision, action.action.number, outcome, detail, action.action.attempts});
  }

  // ---- the world ----

  // The cluster is listed, and the coordinator trusts its sight.
  void Raise() {
    Do(ClusterAdded{"local"});
    List();
  }
  void List() {
    Do(ApiChanged{"local", true, ""});
    Pass(absl::Seconds(6));
    ASSERT_FALSE(blind_);
  }

  void See(int64_t replicas, const std::string& uid = "uid-web") {
    WorkloadFacts facts;
    facts.uid = uid;
    facts.replicas = facts.status_replicas = replicas;
    Do(WorkloadObserved{"local", Web(), facts});
  }

  WorkloadPodFacts PodFactsOf(int number) const {
    return {.name = absl::StrCat("web-", number),
            .node = absl::StrCat("node-", number),
            .phase = PodPhase::kRunning,
            .ready = true,
            .started = now_ - absl::Hours(1),
            .ready_changed = now_ - absl::Hours(1) + absl::Seconds(2),
            .request_millicores = 100};
  }
  static std::string Uid(int number) { return absl::StrCat("uid-", number); }
  void SeePod(int number) { Do(WorkloadPodObserved{"local", Web(), Uid(number), PodFactsOf(number)}); }

  // Pods 1 to `pods`, each uses so much, in both windows.
  void Tell(int pods, int64_t millicores, bool held = false) {
    UsageTold told{.cluster = "local", .pods = {}};
    for (int number = 1; number <= pods; ++number) {
      told.pods.push_back({.pod_uid = Uid(number),
                           .steady = CpuSample{millicores, now_, absl::Seconds(15)},
                           .sudden = CpuSample{millicores, now_, absl::Seconds(2)},
                           .held = held,
                           .throttled_percent = {}});
    }
    Do(told);
  }

  // Seconds with this use of each pod.
  void Seconds(int seconds, int pods, int64_t millicores) {
    for (int i = 0; i < seconds; ++i) {
      Tell(pods, millicores);
      Pass(absl::Seconds(1));
    }
  }

  // The policy is in force, and so many replicas and Ready pods are there.
  void Begin(int64_t replicas, const Policy& policy) {
    Apply(policy);
    See(replicas);
    for (int number = 1; number <= replicas; ++number) SeePod(number);
  }
  void Begin(int64_t replicas) { Begin(replicas, WebPolicy()); }

  // The load doubles what two pods may carry: the one action that follows is returned.
  ReleasedAction Rise() {
    Seconds(1, 2, 100);
    EXPECT_EQ(actions_.size(), 1u);
    return actions_.empty() ? ReleasedAction{} : actions_.back();
  }

  // ---- what came of it ----

  const Decision& Last() const { return decisions_.rbegin()->second; }

  size_t CountOf(DecisionState state) const {
    size_t count = 0;
    for (const auto& [id, decision] : decisions_) count += decision.state == state ? 1 : 0;
    return count;
  }

  template <typename Kind>
  std::vector<Kind> Asked() const {
    std::vector<Kind> asked;
    for (const Request& request : requests_) {
      if (const auto* one = std::get_if<Kind>(&request)) asked.push_back(*one);
    }
    return asked;
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  uint64_t epoch_ = 1;
  std::unique_ptr<Core> core_;
  bool blind_ = true;
  // What is durable.
  std::map<DecisionId, Decision> decisions_;
  std::map<std::string, Policy> policies_;
  std::map<std::string, ScalerRecord> records_;
  std::map<std::string, ClusterRecord> clusters_;
  // What was handed out and asked for, since the last clear().
  std::vector<ReleasedAction> actions_;
  std::vector<Request> requests_;
  std::optional<ScalerStatus> status_;  // none: there is no scaler
  std::optional<BurstStatus> burst_;    // none: there is no burst policy
  int bursts_told_ = 0;                 // how often what is shown of it has changed
  std::optional<Reply> reply_;

 private:
  void Keep(const Effects& effects) {
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
      if (const auto* put = std::get_if<PutPolicy>(&write)) policies_[put->policy.name] = put->policy;
      if (const auto* gone = std::get_if<ErasePolicy>(&write)) policies_.erase(gone->name);
      if (const auto* put = std::get_if<PutScalerRecord>(&write)) records_[put->record.policy] = put->record;
      if (const auto* gone = std::get_if<EraseScalerRecord>(&write)) records_.erase(gone->policy);
      if (const auto* put = std::get_if<PutClusterRecord>(&write))
        clusters_[put->record.cluster] = put->record;
    }
    for (const Notice& notice : effects.notices) {
      if (const auto* sight = std::get_if<SightChanged>(&notice)) blind_ = sight->blind;
      if (const auto* scaler = std::get_if<ScalerChanged>(&notice)) status_ = *scaler->status;
      if (std::holds_alternative<ScalerGone>(notice)) status_.reset();
      if (const auto* burst = std::get_if<BurstChanged>(&notice)) {
        burst_ = burst->status;
        ++bursts_told_;
      }
      if (std::holds_alternative<BurstGone>(notice)) burst_.reset();
    }
    actions_.insert(actions_.end(), effects.actions.begin(), effects.actions.end());
    requests_.insert(requests_.end(), effects.requests.begin(), effects.requests.end());
    for (const Reply& reply : effects.replies) reply_ = reply;
  }
};

}  // namespace evenkeel::coordinator
