// A Kubernetes cluster as far as failover depends on it: nodes with conditions and leases, pods, ReplicaSets
// and StatefulSets that replace what is deleted, a scheduler, evictions. It knows which machines run; the
// core does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/scenario/schedule.h"

namespace evenkeel::scenario {

// A machine's truth.
struct Machine {
  bool powered = true;
  bool kubelet = true;  // the kubelet's process runs
  bool agent = true;    // the agent's process runs
  bool cut_from_coordinator = false;
  bool cut_from_peers = false;
  std::set<std::string> cut_from;  // peers that do not reach it
  bool cut_from_api = false;
  uint32_t boots = 1;
  absl::Time kubelet_lost;  // when its kubelet was last not heard by the API server

  bool KubeletHeard() const { return powered && kubelet && !cut_from_api; }
  bool AgentRuns() const { return powered && agent; }
};

struct WorkloadSpec {
  std::string name;
  std::string kind = "ReplicaSet";  // or StatefulSet, DaemonSet, Job
  uint32_t replicas = 1;
  std::string claim;  // an exclusive volume; empty = none
  int32_t priority = 0;
  bool tolerates_all = false;
  bool starts = true;    // its pods become Ready
  bool blocked = false;  // a PodDisruptionBudget refuses evictions
};

class KubernetesModel {
 public:
  // `tell` gets what a watch would show. Machines are the world's.
  KubernetesModel(std::string cluster, Schedule& schedule, std::map<std::string, Machine>& machines,
                  std::function<void(coordinator::Event)> tell);

  void AddNode(const std::string& name, const std::string& zone);
  void RemoveNode(const std::string& name);  // the node object
  void Deploy(const WorkloadSpec& spec);
  WorkloadSpec& workload(const std::string& name) { return workloads_.at(name); }

  // The machine's truth has changed.
  void MachineChanged(const std::string& node);

  // Lists everything again, as after a start of the coordinator or an outage; then says that the API is
  // reachable.
  void TellAll();
  void SetAway(bool away);
  bool away() const { return away_; }
  // A scheduler that was cut off places pods by what it saw before.
  void SetSchedulerSeesTaints(bool sees) { scheduler_sees_taints_ = sees; }

  // Carries one action out and answers. Nothing reaches a server that is away.
  void Act(const coordinator::ReleasedAction& action, std::function<void(coordinator::Event)> answer);
  void Read(const coordinator::ReadLease& request, std::function<void(coordinator::Event)> answer);

  const std::map<std::string, coordinator::PodFacts>& pods() const { return pods_; }
  const std::map<std::string, coordinator::NodeFacts>& nodes() const { return nodes_; }

 private:
  coordinator::ActionOutcome Apply(const coordinator::Action& action, std::string& detail);
  void Announce(const std::string& pod);
  void AnnounceNode(const std::string& node);
  void CreatePod(const std::string& workload, const std::string& name, const std::string& node);
  void Bind(const std::string& pod, const std::string& uid);
  void StartPod(const std::string& pod, const std::string& uid);
  void DeletePod(const std::string& pod);
  void TellPod(const std::string& pod);
  void RenewLeases();
  std::optional<std::string> PlaceFor(const WorkloadSpec& spec) const;

  const std::string cluster_;
  Schedule& schedule_;
  std::map<std::string, Machine>& machines_;
  std::function<void(coordinator::Event)> tell_;
  bool away_ = false;
  bool scheduler_sees_taints_ = true;
  uint64_t counter_ = 0;
  std::map<std::string, coordinator::NodeFacts> nodes_;
  std::map<std::string, coordinator::LeaseFacts> leases_;
  std::map<std::string, coordinator::PodFacts> pods_;  // all in the namespace "shop"
  std::map<std::string, std::string> owner_;           // pod -> workload
  std::set<std::string> shown_;                        // pods that the watch has shown and not taken back
  std::map<std::string, WorkloadSpec> workloads_;
};

}  // namespace evenkeel::scenario
