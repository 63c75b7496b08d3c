// A Kubernetes cluster as far as failover depends on it: nodes with conditions and leases, pods, ReplicaSets
// and StatefulSets that replace what is deleted, a scheduler, kubelets and the containers that they run,
// evictions. It knows which machines run; the core does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/containers.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/network.h"
#include "tests/simulation/scale_model.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/workload_spec.h"

namespace evenkeel::simulation {

class KubernetesModel {
 public:
  struct Surroundings {
    std::string cluster;
    Schedule& schedule;
    const Knobs& knobs;
    std::map<std::string, Machine>& machines;
    const Network& network;
    Marks& marks;
    // What a watch shows.
    std::function<void(coordinator::Event)> tell;
    // A container was started whose like must not run twice. May be null.
    std::function<void(const std::string& node, const std::string& identity)> started;
    // The node's agent keeps the pod of that uid stopped.
    std::function<bool(const std::string& node, const std::string& uid)> held;
    // The fencing hook powers the machine off.
    std::function<void(const std::string& node)> power_off;
    // An action has set a workload's replicas to another number. May be null.
    std::function<void(const coordinator::ReleasedAction& action)> scaled;
  };
  // Seed 0: kubelets renew their leases at one instant, as scripts expect.
  KubernetesModel(Surroundings surroundings, uint64_t seed);

  void AddNode(const std::string& name, const std::string& zone, const coordinator::Resources& room = {});
  void RemoveNode(const std::string& name);  // the node object
  // It has the label and the taint of a virtual node, and room for whatever comes. Its agent stands for the
  // reader of what pods use there.
  void MakeVirtual(const std::string& name);
  bool IsVirtual(const std::string& node) const { return virtual_.contains(node); }
  bool has_virtual_nodes() const { return !virtual_.empty(); }
  // How the provider of virtual nodes fails: pods that come there stay Pending; those past a number of them
  // do; or they end as Failed, and their controllers make others.
  void SetVirtualStarts(bool starts) { virtual_starts_ = starts; }
  void SetVirtualQuota(std::optional<size_t> pods) { virtual_quota_ = pods; }
  void SetVirtualFails(bool fails) { virtual_fails_ = fails; }
  void SetServerMinor(uint32_t minor);  // from 22 on it heeds deletion costs
  uint32_t server_minor() const { return server_minor_; }
  void Deploy(const WorkloadSpec& spec);
  WorkloadSpec& workload(const std::string& name) { return workloads_.at(name); }
  // Somebody deletes the workload with its pods and, `gone_for` later, makes another of its name.
  void MakeAgain(const std::string& workload, uint32_t replicas, absl::Duration gone_for);

  // The machine's truth has changed, or a way to it.
  void MachineChanged(const std::string& node);
  // Somebody has stopped containers on the node; those that may run again are started by its kubelet.
  void ContainersStopped(const std::string& node, const std::set<std::string>& uids);
  void MayRunAgain(const std::string& node);

  // Somebody else than the coordinator; nothing happens while the API server is away.
  void ScaleByHand(const std::string& workload, uint32_t replicas) {
    if (!away_) scaling_.ScaleByHand(workload, replicas);
  }
  ScaleModel& scaling() { return scaling_; }
  const ScaleModel& scaling() const { return scaling_; }

  // Lists everything again, as after a start of the coordinator or an outage; then says that the API is
  // reachable.
  void TellAll();
  void SetAway(bool away);
  // The way between the coordinator and the API server has changed.
  void ReachChanged();
  // The way between the coordinator and this cluster's API server alone.
  void SetCutFromCoordinator(bool cut) {
    cut_from_coordinator_ = cut;
    ReachChanged();
  }
  bool away() const { return !Reached(); }
  // Whoever has a way to it.
  bool Answers() const { return !away_; }
  // A scheduler that was cut off places pods by what it saw before.
  void SetSchedulerSeesTaints(bool sees) { scheduler_sees_taints_ = sees; }

  // Carries one action out and answers. Nothing reaches a server that is away.
  void Act(const coordinator::ReleasedAction& action, std::function<void(coordinator::Event)> answer);
  void Read(const coordinator::ReadLease& request, std::function<void(coordinator::Event)> answer);
  // The API server's own try to reach a kubelet.
  void Reach(const coordinator::AskKubelet& request, std::function<void(coordinator::Event)> answer);
  // It may not read the agents' logs, so that nothing can be learnt from it.
  void SetLogsForbidden(bool forbidden) { logs_forbidden_ = forbidden; }

  const std::map<std::string, coordinator::PodFacts>& pods() const { return pods_; }
  const std::map<std::string, coordinator::NodeFacts>& nodes() const { return nodes_; }
  const std::map<std::string, WorkloadSpec>& workloads() const { return workloads_; }
  const Containers& containers() const { return containers_; }
  // When the API server took the node's last renewal; InfinitePast: never.
  absl::Time LeaseWritten(const std::string& node) const {
    const auto written = lease_written_.find(node);
    return written == lease_written_.end() ? absl::InfinitePast() : written->second;
  }

  // The server is older than 1.24; the fencing hook, which stands beside it, succeeds.
  void SetOldServer() { knows_out_of_service_ = false; }
  void SetHook(bool succeeds) { hook_succeeds_ = succeeds; }

 private:
  bool knows_out_of_service_ = true;
  bool hook_succeeds_ = true;
  coordinator::ActionOutcome Apply(const coordinator::Action& action, std::string& detail);
  coordinator::ActionOutcome ApplyToNode(const coordinator::Action& action, std::string& detail);
  void Announce(const std::string& pod);
  void AnnounceNode(const std::string& node);
  void CreatePod(const std::string& workload, const std::string& name, const std::string& node);
  bool Preempt(const WorkloadSpec& spec);
  coordinator::ActionOutcome SetPlaceholders(const coordinator::Action& action, std::string& detail);
  void Bind(const std::string& pod, const std::string& uid);
  void StartPod(const std::string& pod, const std::string& uid);
  void DeletePod(const std::string& pod);
  void Replace(const std::string& workload, const std::string& name, const std::string& node);
  void Resize(const std::string& workload, uint32_t replicas);
  void Reconcile(const std::string& workload);
  bool Misses(const std::string& workload, const std::string& pod) const;
  std::vector<std::string> Active(const std::string& workload) const;
  std::string FreshName(const WorkloadSpec& spec);
  bool ProviderRefuses(const std::string& node) const;
  void FailPod(const std::string& pod);
  bool AllowsEviction(const std::string& pod) const;
  void Remove(const std::string& pod);
  void TellPod(const std::string& pod);
  bool HasRoom(const std::string& node, const coordinator::Resources& requests) const;
  std::optional<std::string> PlaceFor(const WorkloadSpec& spec) const;

  bool Heard(const std::string& node) const;  // its kubelet, by the API server
  bool Reached() const { return !away_ && !cut_from_coordinator_ && around_.network.CoordinatorAndApi(); }
  bool TaintHolds(const std::string& node) const;
  void RenewLease(const std::string& node);
  void SyncKubelet(const std::string& node);
  void EmptyOutOfService(const std::string& node);
  void WriteLease(const std::string& node);
  void AwaitGrace(const std::string& node);
  void ReportPods(const std::string& node);
  void RunContainer(const std::string& pod);
  void Place(coordinator::PodFacts& pod, const std::string& node);
  absl::Duration Lag(absl::Duration most) { return dice_.Between(absl::ZeroDuration(), most); }
  void EndEvicted(const std::string& pod, const std::string& uid);
  void Repeat(const coordinator::Action& action);

  const Surroundings around_;
  Dice dice_;
  const bool scattered_;
  bool away_ = false;
  bool cut_from_coordinator_ = false;
  bool logs_forbidden_ = false;
  bool reached_ = true;
  std::set<std::string> unheard_;  // nodes
  std::set<std::string> marked_;   // nodes with pods that others have marked as not ready
  bool scheduler_sees_taints_ = true;
  uint64_t counter_ = 0;
  std::map<std::string, coordinator::NodeFacts> nodes_;
  std::set<std::string> virtual_;  // nodes
  bool virtual_starts_ = true;
  bool virtual_fails_ = false;
  std::optional<size_t> virtual_quota_;
  uint32_t server_minor_ = 31;
  std::map<std::string, uint64_t> versions_;      // of the node objects
  std::map<std::string, absl::Time> taint_seen_;  // from when on the scheduler knows of the taint
  std::map<std::string, size_t> load_;            // pods bound to each node
  std::map<std::string, coordinator::LeaseFacts> leases_;
  std::map<std::string, absl::Time> lease_written_;
  std::map<std::string, coordinator::PodFacts> pods_;  // all in the namespace "shop"
  std::map<std::string, std::string> owner_;           // pod -> workload
  std::set<std::string> replaced_;  // uids of pods on their way out, whose replacement is there
  std::set<std::string> shown_;     // pods that the watch has shown and not taken back
  std::map<std::string, WorkloadSpec> workloads_;
  std::set<std::string> resized_;  // workloads whose replicas have changed since they were deployed
  Containers containers_;
  ScaleModel scaling_;
};

}  // namespace evenkeel::simulation
