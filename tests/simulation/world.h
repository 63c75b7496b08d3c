// The simulated world around the real coordinator: machines and the network between them, agents, Kubernetes,
// a disk, one virtual clock. It carries out what the coordinator orders and shows it what it may see; what is
// true of the machines is the world's secret.
//
// Deterministic: the same seed, knobs and calls give the same turns, on every machine.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/policy.h"
#include "tests/simulation/agents.h"
#include "tests/simulation/claims.h"
#include "tests/simulation/coordinator_host.h"
#include "tests/simulation/fence_model.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/kubernetes_model.h"
#include "tests/simulation/load_model.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/network.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/samples.h"
#include "tests/simulation/schedule.h"
#include "tests/simulation/simulated_store.h"
#include "tests/simulation/switching.h"
#include "tests/simulation/truth.h"

namespace evenkeel::simulation {

inline constexpr char kCluster[] = "local";

class World {
 public:
  // `observer` may be null. `cluster`: the first one, and where nothing else is said the one that is meant.
  explicit World(Observer* observer, uint64_t seed = 0, const std::string& cluster = kCluster);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  // ---- set-up: before anything else ----
  // Another one that the coordinator watches. Names of nodes are not used twice, in whatever cluster.
  void AddCluster(const std::string& name);
  // `room` for pods; nothing: it does not say.
  void AddNode(const std::string& name, const std::string& zone, const coordinator::Resources& room = {},
               const std::string& cluster = "");
  void AddVirtualNode(const std::string& name);
  void Start() { StartCoordinator(); }  // with every agent coming in

  void Deploy(const WorkloadSpec& spec, const std::string& cluster = "") {
    KubernetesOf(cluster).Deploy(spec);
  }
  // Before the start: as if an earlier coordinator had stored it.
  void Apply(const coordinator::Policy& policy);
  void RemovePolicy(const std::string& name);

  // ---- what can happen ----
  Machine& machine(const std::string& node) { return machines_.at(node); }
  void MachineChanged(const std::string& node);  // after its truth was changed
  void PowerOff(const std::string& node);
  void PowerOn(const std::string& node);
  void Reset(const std::string& node);       // off, and on again by itself
  void KillAgent(const std::string& node);   // its process; the kernel closes the connection
  void SayGoodbye(const std::string& node);  // the agent stops on purpose
  void StartAgent(const std::string& node);
  void KernelSays(const std::string& node, v1::NodeOccurrence::Kind kind, const std::string& line) {
    agents_.KernelSays(node, kind, line);
  }
  void SetApiAway(bool away, const std::string& cluster = "") { KubernetesOf(cluster).SetAway(away); }
  void PauseCoordinator(absl::Duration pause) { host().Pause(pause); }
  void StopCoordinator() { host().Kill(); }  // dies; what is not durable is lost
  void StartCoordinator() { host().Start(); }
  void Order(const coordinator::Event& order) { host().Post(order); }  // an operator's
  // The next commit of an action that is handed out is durable, and the process dies before the action's
  // release.
  void CrashBeforeRelease() { host().OrderFault(CommitFault::kCrashAfter); }
  void ForgetCrash() { host().OrderFault(CommitFault::kNone); }  // that has not come yet
  // Scaling. Samples take the way of the agents' sessions: what the network loses is lost, and what an agent
  // tells goes through the product's own book (coordinator/usage/usage_book.h).
  void SetLoad(const std::string& workload, const Load& load) { samples_.SetLoad(workload, load); }
  // So many percent of the nodes, by name order, tell nothing of their pods' CPU any more, though they beat.
  void LoseSamples(uint32_t percent) { samples_.Lose(percent); }
  void KillContainer(const std::string& workload, size_t place, const Samples::Crash& crash) {
    samples_.KillContainer(workload, place, crash);
  }
  void LoseVirtualSamples(bool lost) { samples_.LoseVirtual(lost); }
  void ScaleByHand(const std::string& workload, uint32_t replicas) {  // kubectl scale
    kubernetes_.ScaleByHand(workload, replicas);
  }
  // A HorizontalPodAutoscaler of the workload's name, which only stands there; `by_memory`: not by CPU alone.
  void AddAutoscaler(const std::string& workload, uint32_t minimum, uint32_t maximum, uint32_t percent,
                     bool by_memory = false) {
    kubernetes_.scaling().AddAutoscaler(workload, minimum, maximum, percent, by_memory);
  }
  void RemoveAutoscaler(const std::string& workload) { kubernetes_.scaling().RemoveAutoscaler(workload); }
  // Called when its process has ended, by a fault or by order.
  void OnCoordinatorDied(std::function<void()> died) { died_ = std::move(died); }
  void Advance(absl::Duration by) { schedule_.RunUntil(schedule_.now() + by); }

  // After ways were changed.
  void NetworkChanged();

  Knobs& knobs() { return knobs_; }
  Marks& marks() { return marks_; }
  Network& network() { return network_; }
  Schedule& schedule() { return schedule_; }
  CoordinatorHost& host() { return *hosts_.back(); }  // the present one
  // Stops the process for `pause` without its noticing, and starts another on the same store.
  void Overtake(absl::Duration pause);

  // ---- what is true ----
  absl::Time now() const { return schedule_.now(); }
  absl::Time start() const { return start_; }
  const std::map<std::string, Machine>& machines() const { return machines_; }
  const Truth& truth() const { return truth_; }
  const SimulatedDisk& disk() const { return disk_; }
  const std::string& cluster() const { return cluster_; }  // the first one
  std::vector<std::string> clusters() const;               // all, the first one first
  const std::string& ClusterOf(const std::string& node) const;
  KubernetesModel& kubernetes() { return kubernetes_; }
  const KubernetesModel& kubernetes() const { return kubernetes_; }
  KubernetesModel& KubernetesOf(const std::string& cluster);  // empty: the first one
  Switching& switching() { return switching_; }
  FenceModel& fences() { return fences_; }
  const Samples& samples() const { return samples_; }
  const std::map<coordinator::DecisionId, coordinator::Decision>& decisions() const {
    return disk_.decisions;
  }
  bool coordinator_runs() const { return hosts_.back()->runs(); }

 private:
  struct Cluster;

  KubernetesModel::Surroundings AroundKubernetes(const std::string& cluster);
  CoordinatorHost::Surroundings AroundHost(size_t place);
  Claims& ClaimsOf(const std::string& cluster);
  void CoordinatorStarted(size_t place);
  void AddHost();
  void Act(size_t place, const coordinator::ReleasedAction& action);
  void CheckAndSend(size_t place, uint64_t order, const coordinator::ReleasedAction& action);
  // `claimed`: the answer of the claim, `asked` for then.
  void Send(size_t place, uint64_t order, const coordinator::ReleasedAction& action,
            const absl::Status& claimed, absl::Time asked);
  void Restart(size_t place, const coordinator::ReleasedAction& action);
  void Withdraw(size_t place, const coordinator::WithdrawActions& withdrawal);
  bool IsWanted(size_t place, uint64_t order, const coordinator::ReleasedAction& action) const;
  void HookStruck(const std::string& node);
  void PowerOnLater(const std::string& node, absl::Duration after);

  Observer* const observer_;
  const uint64_t seed_;
  const std::string cluster_;
  std::function<void()> died_;
  Schedule schedule_;
  const absl::Time start_;
  Knobs knobs_;
  Marks marks_;
  std::map<std::string, Machine> machines_;
  Network network_;
  Truth truth_;
  SimulatedDisk disk_;
  KubernetesModel kubernetes_;
  std::map<std::string, std::unique_ptr<Cluster>> others_;
  std::map<std::string, std::string> cluster_of_;  // nodes of other clusters
  Agents agents_;
  FenceModel fences_;
  Samples samples_;
  Claims claims_;
  Switching switching_;
  std::vector<std::unique_ptr<CoordinatorHost>> hosts_;  // the last one is the present one
  uint64_t acts_ = 0;                                    // handed out so far
  // What each host took back: of a decision, all that was handed out up to then.
  std::map<std::pair<size_t, coordinator::DecisionId>, uint64_t> withdrawn_;
};

}  // namespace evenkeel::simulation
