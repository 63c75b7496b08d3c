// A small cluster that outlives the coordinators that die in it: it lies in memory that a parent shares with
// its children. Plain data throughout; one process at a time touches it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"

namespace evenkeel::testing {

class CrashWorld {
 public:
  static constexpr char kCluster[] = "east";
  static constexpr int kNodes = 4;  // node 0 is the one that dies

  // Something that a coordinator did that changed the world.
  struct Effect {
    coordinator::ActionKind kind;
    uint32_t pod_uid;  // 0 = the node
    uint64_t epoch;
    uint64_t number;
  };

  // Memory shared with children; never freed before the process ends.
  static CrashWorld* MakeShared();
  void Reset();

  // ---- time and what goes on without the coordinator ----
  absl::Time now() const { return absl::FromUnixNanos(now_ns_); }
  // Moves the time; the workloads' controller makes up for pods that are gone and starts get Ready.
  void Advance(absl::Duration by);
  void PowerOff();
  void PowerOn() { powered_ = true; }
  bool powered() const { return powered_; }
  bool MissesPods() const;  // a replacement is not there or not Ready
  uint64_t NewSession() { return ++sessions_; }

  // ---- as Kubernetes shows it ----
  static coordinator::NodeKey Node(int index);
  coordinator::NodeFacts NodeFactsOf(int index) const;
  struct Pod {
    coordinator::PodKey key;
    coordinator::PodFacts facts;
    bool operator==(const Pod&) const = default;
  };
  std::vector<Pod> Pods() const;
  coordinator::LeaseFacts LeaseOf(int index) const;

  // Does it if the uid is right and it is not so yet.
  coordinator::ActionOutcome Do(const coordinator::ReleasedAction& released);

  std::vector<Effect> Effects() const { return {effects_, effects_ + effect_count_}; }
  // Everything that may differ between two ends, as text: who runs where, taints, effects; not the times.
  std::string Summary() const;

  // ---- crashes ----
  // Ends the process when this is the `crash_at`-th point that it reaches; 0 = never.
  void CrashPoint(const char* where);
  void ArmCrash(int crash_at);
  std::string crashed_at() const { return crashed_at_; }

  // What a child found wrong; read by the parent.
  void Complain(const std::string& what);
  std::string complaint() const { return complaint_; }

  static constexpr int kCrashed = 77;  // exit code

 private:
  struct StoredPod {
    uint32_t uid;
    bool stateful;
    int node;
    bool exists;
    bool ready;
    int64_t ready_at_ns;
  };
  static constexpr int kMostPods = 32;
  static constexpr int kMostEffects = 64;

  StoredPod* Find(const std::string& name, const std::string& uid);
  void AddPod(bool stateful, int node, bool ready);

  int64_t now_ns_;
  int64_t lease_renewed_ns_;  // node 0's
  bool powered_;
  bool tainted_;
  uint64_t sessions_;
  int pod_count_;
  StoredPod pods_[kMostPods];
  int effect_count_;
  Effect effects_[kMostEffects];
  int crash_at_;
  int reached_;
  char crashed_at_[64];
  char complaint_[4096];
};

}  // namespace evenkeel::testing
