// One core with two clusters, a gateway in front of them and clients; its store outlives it. Gateways, pods
// and clients answer by themselves; the test orders, and breaks what it likes. Each step is held to L3.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/core.h"
#include "gtest/gtest.h"
#include "tests/unit/core/switch/a_switch.h"

namespace evenkeel::coordinator {

class SwitchWorld : public testing::Test {
 protected:
  SwitchWorld() { Boot(); }

  // ---- the coordinator ----

  // Another process on the same store; agents and API are there at once, but of a cluster that is cut off.
  void Boot() {
    Restored restored;
    restored.epoch = ++epoch_;
    for (const auto& [id, decision] : decisions_) {
      if (decision.state != DecisionState::kOpen) continue;
      restored.open_decisions.push_back(decision);
      if (const auto one = switches_.find(id); one != switches_.end()) {
        restored.switches.push_back({id, one->second});
      }
    }
    for (const auto& [name, record] : clusters_) restored.clusters.push_back(record);
    for (const auto& [name, policy] : policies_) restored.policies.push_back(policy);
    for (const auto& [name, record] : standings_) restored.standings.push_back(record);
    mail_.clear();
    watches_.clear();
    applications_.clear();
    probers_.clear();
    core_ = std::make_unique<Core>(restored, now_);
    for (const char* cluster : {"east", "west"}) {
      Tell(ClusterAdded{.cluster = cluster, .api_address = "10.0.1.1", .api_port = 6443});
      if (cut_.contains(cluster)) {
        Tell(ApiChanged{cluster, false, "no answer"});
        continue;
      }
      for (int i = 1; i <= 3; ++i) {
        const NodeKey node{cluster, absl::StrCat("node-", i)};
        NodeFacts facts;
        facts.uid = absl::StrCat("uid-", cluster, "-", i);
        facts.address = absl::StrCat("10.0.0.", i);
        facts.ready = true;
        facts.allocatable.cpu_millicores = 4000;
        Tell(NodeObserved{node, facts});
        Tell(SessionOpened{node, static_cast<uint64_t>(i), "boot-1", "0.1.0", 9440,
                           absl::StrCat("agent-", i)});
      }
      Tell(ApiChanged{cluster, true, ""});
    }
    Pass(absl::Seconds(6));
  }

  void Tell(const Event& event) {
    mail_.push_back(event);
    while (!mail_.empty()) {
      const Event next = std::move(mail_.front());
      mail_.pop_front();
      Take(core_->Step(next, now_));
    }
  }

  void Start(const SwitchSpec& spec) {
    StartSwitch order;
    order.request_id = 1;
    order.spec = spec;
    Tell(order);
  }
  absl::Status Order(const std::string& name, SwitchOrder what, std::optional<DecisionId> decision = {}) {
    OrderSwitch order;
    order.decision = decision;
    order.request_id = 2;
    order.name = name;
    order.order = what;
    Tell(order);
    return reply_.status;
  }

  absl::Status Apply(const LostClusterPolicy& waits) {
    ApplyPolicy apply;
    apply.request_id = 3;
    apply.policy.name = waits.name();
    apply.policy.spec = waits;
    Tell(apply);
    return reply_.status;
  }

  // ---- clusters ----

  // The coordinator hears nothing of it any more.
  void Cut(const std::string& cluster) {
    cut_.insert(cluster);
    for (uint64_t i = 1; i <= 3; ++i) {
      Tell(BeatMissed{.node = {cluster, absl::StrCat("node-", i)},
                      .session_id = i,
                      .last_beat = now_ - absl::Milliseconds(600),
                      .last_beat_node_time_ms = 1,
                      .bound = absl::Milliseconds(600)});
    }
  }
  // All its machines lose their power.
  void Die(const std::string& cluster) {
    dead_.insert(cluster);
    reading_.backends.at(cluster).servers_up = 0;
    Cut(cluster);
  }
  void Revive(const std::string& cluster) {
    dead_.erase(cluster);
    cut_.erase(cluster);
    reading_.backends.at(cluster).servers_up = 3;
    for (uint64_t i = 1; i <= 3; ++i) {
      Tell(BeatResumed{.node = {cluster, absl::StrCat("node-", i)}, .session_id = i});
    }
    Tell(ApiChanged{cluster, true, ""});
  }

  // ---- time ----

  void Pass(absl::Duration by) {
    for (const absl::Time end = now_ + by; now_ < end;) PassTick();
  }
  void PassTick() {
    now_ += kTick;
    Serve();
    if (core_->NextDeadline() <= now_) Tell(Tick{});
    for (auto& [key, watch] : std::map(watches_)) {
      if (now_ < watch.second) continue;
      watches_[key].second = now_ + watch.first.period;
      Tell(RouteRead{key, reading_, abilities_});
    }
    if (absl::ToInt64Milliseconds(now_ - kStart) % 500 != 0) return;
    for (const auto& watched : std::set(applications_)) {
      if (cut_.contains(watched.first)) continue;
      Tell(ApplicationObserved{watched.first, watched.second, pods_[watched.first]});
    }
    for (const DecisionId& decision : std::set(probers_)) {
      ProbesTold told;
      told.decision = decision;
      told.run = epoch_;
      told.totals[ProbeKind::kKeepAlive].requests = static_cast<uint64_t>((now_ - kStart) / kTick);
      Tell(told);
    }
  }
  template <typename Holds>
  void PassUntil(const Holds& holds) {
    for (int i = 0; i < 4000 && !holds(); ++i) PassTick();
    ASSERT_TRUE(holds());
  }

  uint32_t Green() const { return reading_.backends.at("west").percent; }
  const Decision& TheSwitch() const {
    const auto found = std::find_if(decisions_.begin(), decisions_.end(), [](const auto& entry) {
      return entry.second.kind == DecisionKind::kSwitch;
    });
    EXPECT_NE(found, decisions_.end());
    return found->second;
  }
  bool IsOpen() const { return TheSwitch().state == DecisionState::kOpen; }
  const SwitchRecord& TheRecord() const { return switches_.at(TheSwitch().id); }

  static constexpr absl::Duration kTick = absl::Milliseconds(50);
  absl::Time now_ = kStart;
  std::unique_ptr<Core> core_;

  // ---- the store ----
  uint64_t epoch_ = 0;
  std::map<DecisionId, Decision> decisions_;
  std::map<DecisionId, SwitchRecord> switches_;
  std::map<std::string, ClusterRecord> clusters_;
  std::map<std::string, Policy> policies_;
  std::map<std::string, StandingRecord> standings_;

  // ---- the world ----
  RouteReading reading_ = AReading(0);
  GatewayAbilities abilities_ = {.weights = true, .counts_in_flight = true, .counts_requests = true};
  bool answers_ = true;           // the gateway, what it is told
  bool witnesses_reach_ = false;  // whatever they are asked to reach that has power
  std::set<std::string> dead_;    // clusters without power
  std::set<std::string> cut_;     // clusters that the coordinator does not reach
  std::map<std::string, ApplicationFacts> pods_ = {{"east", ThreePods()}, {"west", ThreePods()}};

  // ---- what was said ----
  Reply reply_;
  std::vector<ReleasedAction> released_;
  std::vector<ReleasedAction> scaled_;  // replicas that are to be set; nobody answers
  std::map<RouteKey, std::pair<WatchRoute, absl::Time>> watches_;  // and when it is read next
  std::set<std::pair<std::string, Application>> applications_;
  std::set<DecisionId> probers_;
  std::map<std::string, SwitchStatus> shown_;
  std::map<std::string, StandingStatus> waiting_;
  std::vector<ProbeNode> probes_;
  std::map<std::string, ScalerStatus> scalers_;

 private:
  static ApplicationFacts ThreePods() {
    ApplicationFacts facts;
    facts.pods = facts.ready = 3;
    facts.nodes = {{"node-1", 1}, {"node-2", 1}, {"node-3", 1}};
    facts.cpu_millicores = 300;
    facts.cpu_known = true;
    return facts;
  }

  void Take(const Effects& effects) {
    for (const Write& write : effects.writes) {
      if (const auto* put = std::get_if<PutDecision>(&write)) decisions_[put->decision.id] = put->decision;
      if (const auto* put = std::get_if<PutSwitchRecord>(&write)) {
        switches_[put->stored.decision] = put->stored.record;
      }
      if (const auto* put = std::get_if<PutClusterRecord>(&write))
        clusters_[put->record.cluster] = put->record;
      if (const auto* put = std::get_if<PutPolicy>(&write)) policies_[put->policy.name] = put->policy;
      if (const auto* gone = std::get_if<ErasePolicy>(&write)) policies_.erase(gone->name);
      if (const auto* put = std::get_if<PutStandingRecord>(&write)) {
        standings_[put->record.policy] = put->record;
      }
      if (const auto* gone = std::get_if<EraseStandingRecord>(&write)) standings_.erase(gone->policy);
    }
    for (const Request& request : effects.requests) Take(request);
    for (const Reply& reply : effects.replies) reply_ = reply;
    for (const Notice& notice : effects.notices) {
      if (const auto* changed = std::get_if<SwitchChanged>(&notice)) {
        shown_[changed->status.record.spec.name] = changed->status;
      } else if (const auto* gone = std::get_if<SwitchGone>(&notice)) {
        shown_.erase(gone->name);
      } else if (const auto* scaler = std::get_if<ScalerChanged>(&notice)) {
        scalers_[scaler->status->policy] = *scaler->status;
      } else if (const auto* waits = std::get_if<StandingChanged>(&notice)) {
        waiting_[waits->status.policy] = waits->status;
      } else if (const auto* left = std::get_if<StandingGone>(&notice)) {
        waiting_.erase(left->policy);
      }
    }
    for (const ReleasedAction& action : effects.actions) {
      if (action.action.kind == ActionKind::kSetReplicas) {
        scaled_.push_back(action);
        continue;
      }
      released_.push_back(action);
      HoldIntent(action);
      if (answers_) Answer(action);
    }
  }

  void Take(const Request& request) {
    if (const auto* watch = std::get_if<WatchRoute>(&request)) {
      if (watch->period == absl::ZeroDuration()) {
        watches_.erase(watch->key);
      } else {
        watches_[watch->key] = {*watch, now_};
      }
    } else if (const auto* check = std::get_if<CheckBackend>(&request)) {
      BackendChecked checked;
      checked.request_id = check->request_id;
      checked.servers = {{.server = "west-1", .tried = true, .answered = true}};
      mail_.push_back(checked);
    } else if (const auto* probe = std::get_if<ProbeNode>(&request)) {
      probes_.push_back(*probe);
      if (!witnesses_reach_ || dead_.contains(probe->witness.cluster)) return;
      ProbeAnswered answer;
      answer.probe_id = probe->probe_id;
      const bool dead = dead_.contains(probe->target.cluster);
      answer.kubelet_tcp = dead ? ProbeOutcome::kTimedOut : ProbeOutcome::kReached;
      answer.kubelet_tls = dead ? ProbeOutcome::kNotTried : ProbeOutcome::kReached;
      mail_.push_back(answer);
    } else if (const auto* ask = std::get_if<AskApi>(&request)) {
      mail_.push_back(ApiAnswered{.request_id = ask->request_id,
                                  .cluster = ask->cluster,
                                  .answered = !cut_.contains(ask->cluster),
                                  .detail = "no answer"});
    } else if (const auto* tell = std::get_if<WatchApplication>(&request)) {
      applications_.insert({tell->cluster, tell->application});
    } else if (const auto* leave = std::get_if<UnwatchApplication>(&request)) {
      applications_.erase({leave->cluster, leave->application});
    } else if (const auto* start = std::get_if<StartProber>(&request)) {
      probers_.insert(start->decision);
    } else if (const auto* stop = std::get_if<StopProber>(&request)) {
      probers_.erase(stop->decision);
    }
  }

  // L3: what is handed out stands in the store, in the decision and in the record.
  void HoldIntent(const ReleasedAction& released) {
    ASSERT_EQ(released.action.kind, ActionKind::kShapeRoute);
    ASSERT_TRUE(released.action.route.has_value());
    const Decision& decision = decisions_.at(released.decision);
    const auto stored =
        std::find_if(decision.actions.begin(), decision.actions.end(),
                     [&released](const Action& action) { return action.number == released.action.number; });
    ASSERT_NE(stored, decision.actions.end());
    EXPECT_EQ(stored->state, ActionState::kReleased);
    EXPECT_EQ(stored->route, released.action.route);
    const RouteWish& wish = *released.action.route;
    EXPECT_EQ(switches_.at(released.decision).routes.at(wish.key).wished, wish.shape);
    EXPECT_EQ(wish.mark.epoch, epoch_);
    EXPECT_EQ(wish.mark.owner, released.decision);
  }

  // As an adapter does, without its faults.
  void Answer(const ReleasedAction& released) {
    const RouteWish& wish = *released.action.route;
    const bool same = ShapeOf(reading_) == wish.shape;
    for (const auto& [name, backend] : wish.shape.backends) {
      reading_.backends.at(name).percent = backend.percent;
      reading_.backends.at(name).mode = backend.mode;
    }
    reading_.canary = wish.shape.canary;
    reading_.mark = wish.mark;
    mail_.push_back(RouteRead{wish.key, reading_, abilities_});
    mail_.push_back(ActionFinished{.decision = released.decision,
                                   .number = released.action.number,
                                   .outcome = same ? ActionOutcome::kAlreadyDone : ActionOutcome::kDone,
                                   .detail = "",
                                   .attempt = released.action.attempts});
  }

  void Serve() {
    for (auto& [name, backend] : reading_.backends) {
      if (!dead_.contains(name)) coordinator::Answer(backend, backend.percent / 10);
    }
  }

  std::deque<Event> mail_;
};

}  // namespace evenkeel::coordinator
