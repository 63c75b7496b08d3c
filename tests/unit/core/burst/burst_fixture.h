// Lab 3 before the real core: one real node with room for five pods of 200m, one virtual node, and Deployment
// shop/web that may burst. The test plays observe/, the scheduler, act/ and the store.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/unit/core/scale/scale_fixture.h"

namespace evenkeel::coordinator {

class BurstFixture : public ScaleFixture {
 protected:
  static constexpr char kReal[] = "vm-1";
  static constexpr char kSecond[] = "vm-2";
  static constexpr char kVirtual[] = "virtual-1";

  static Policy BurstPolicyOf(PolicyMode mode = PolicyMode::kEnforce) {
    Policy policy;
    policy.name = "burst";
    BurstPolicy burst;
    burst.cluster = "local";
    burst.mode = mode;
    burst.prices = {.core_hour_micros = 40'000, .gib_hour_micros = 0, .currency = "USD"};
    policy.spec = burst;
    return policy;
  }

  // ---- nodes ----

  static NodeFacts RealNode(const std::string& name, int64_t millicores = 1000) {
    NodeFacts facts;
    facts.uid = absl::StrCat("uid-", name);
    facts.ready = true;
    facts.allocatable = {.cpu_millicores = millicores, .memory_bytes = int64_t{1} << 30, .pods = 100};
    return facts;
  }
  void SeeReal(const std::string& name, int64_t millicores = 1000) {
    Do(NodeObserved{{"local", name}, RealNode(name, millicores)});
  }
  void SeeVirtual(bool closed, bool ready = true) {
    NodeFacts facts = RealNode(kVirtual, 1'000'000);
    facts.ready = ready;
    facts.reserved = true;
    facts.valve_taint = closed;
    facts.traits = {"type=virtual-kubelet", "virtual-kubelet.io/provider:"};
    Do(NodeObserved{{"local", kVirtual}, facts});
  }

  // ---- pods ----

  struct Pod {
    std::string node;  // empty: not bound
    bool unschedulable = false;
    bool ready = false;
    bool deleting = false;
    std::optional<int32_t> deletion_cost;
    std::string phase = "Pending";
    bool fresh = false;  // it starts now: it has shown no CPU yet, and that counts for nothing
  };

  static std::string Name(int number) { return absl::StrCat("web-", number); }

  // Tells both what is known of pods and what is known of the workload's.
  void Put(int number, const Pod& pod) {
    pods_[number] = pod;
    PodFacts facts;
    facts.uid = Uid(number);
    facts.node = pod.node;
    facts.phase = pod.ready ? "Running" : pod.phase;
    facts.ready = pod.ready;
    facts.deleting = pod.deleting;
    facts.controller = {"ReplicaSet", "web-5d9c", "uid-rs"};
    facts.requests = {.cpu_millicores = 200, .memory_bytes = int64_t{32} << 20, .pods = 1};
    facts.tolerates = true;
    facts.unschedulable = pod.unschedulable;
    if (pod.unschedulable) facts.waiting_reason = "0/2 nodes are available: 1 Insufficient cpu.";
    facts.deletion_cost = pod.deletion_cost;
    Do(PodObserved{{"local", "shop", Name(number)}, facts});
    WorkloadPodFacts known = PodFactsOf(number);
    known.node = pod.node;
    known.phase = pod.ready ? PodPhase::kRunning : PodPhase::kPending;
    known.deleting = pod.deleting;
    known.ready = pod.ready;
    known.request_millicores = 200;
    if (pod.fresh) known.started = known.ready_changed = now_;
    Do(WorkloadPodObserved{"local", Web(), Uid(number), known});
  }
  void Gone(int number) {
    pods_.erase(number);
    Do(PodGone{{"local", "shop", Name(number)}});
    Do(WorkloadPodGone{"local", Web(), Uid(number)});
  }
  // Pods `first` to `last` are Ready there.
  void RunOn(const std::string& node, int first, int last) {
    for (int number = first; number <= last; ++number) Put(number, {.node = node, .ready = true});
  }
  // They find no room.
  void Press(int first, int last) {
    for (int number = first; number <= last; ++number) Put(number, {.unschedulable = true});
  }

  // ---- the cluster ----

  // One real node, one virtual node that Evenkeel has closed, the workload with `replicas`, as much of it on
  // the real node as fits, and the rest on the virtual one.
  void Begin(int replicas, const Policy& burst) {
    Do(ClusterAdded{"local"});
    SeeReal(kReal);
    SeeVirtual(true);
    Apply(burst);
    Policy scale = WebPolicy();
    scale.scale().rules.maximum = 20;
    Apply(scale);
    List();
    See(replicas);
    RunOn(kReal, 1, std::min(replicas, 5));
    if (replicas > 5) RunOn(kVirtual, 6, replicas);
    Settle();
  }
  void Begin(int replicas) { Begin(replicas, BurstPolicyOf()); }

  // What was handed out is done, and what follows of it, until nothing does.
  void Settle(absl::Duration by = absl::Seconds(1)) {
    Pass(by);
    while (!actions_.empty()) {
      for (const ReleasedAction& action : std::exchange(actions_, {})) {
        done_.push_back(action.action);
        Finish(action, ActionOutcome::kDone);
      }
      Pass(absl::Milliseconds(300));
    }
  }

  // Even load, so that nothing is to be scaled: seconds with each pod at its target.
  void Even(int seconds, int pods) {
    for (int i = 0; i < seconds; ++i) {
      Tell(pods, 100);
      Pass(absl::Seconds(1));
    }
  }

  // Of what was handed out and not taken yet.
  std::vector<ReleasedAction> Handed(ActionKind kind) const {
    std::vector<ReleasedAction> handed;
    for (const ReleasedAction& action : actions_) {
      if (action.action.kind == kind) handed.push_back(action);
    }
    return handed;
  }

  std::vector<Decision> Of(DecisionKind kind) const {
    std::vector<Decision> found;
    for (const auto& [id, decision] : decisions_) {
      if (decision.kind == kind) found.push_back(decision);
    }
    return found;
  }
  std::vector<std::string> DoneTo(ActionKind kind) const {
    std::vector<std::string> names;
    for (const Action& action : done_) {
      if (action.kind == kind) names.push_back(action.name);
    }
    return names;
  }

  std::map<int, Pod> pods_;
  std::vector<Action> done_;  // by Settle
};

}  // namespace evenkeel::coordinator
