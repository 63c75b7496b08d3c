// What agents tell of the CPU of their pods, and how they come by it: load curves (load_model.h) on the pods
// that are Ready, read once a second on each node whose agent was asked to sample pods closely. What is worth
// a message is the real agent's to say (agent/core/significance.h); messages take the way of the agent's
// connection.
//
// While nobody asks, nothing of this happens.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "evenkeel/v1/report.pb.h"
#include "tests/simulation/agents.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/kubernetes_model.h"
#include "tests/simulation/load_model.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

class Samples {
 public:
  // All outlive it.
  struct Surroundings {
    Schedule& schedule;
    const Knobs& knobs;
    const std::map<std::string, Machine>& machines;
    const KubernetesModel& kubernetes;
    Agents& agents;
    Marks& marks;
  };
  Samples(Surroundings surroundings, uint64_t seed) : around_(surroundings), dice_(seed + kDiceOfSamples) {}

  // ---- what is true ----
  void SetLoad(const std::string& workload, const Load& load) { loads_[workload] = load; }
  // Nobody has said: it has none.
  Load LoadOf(const std::string& workload) const;
  // So many percent of the nodes, by the order of their names, cannot read what their pods use: they tell of
  // them, without a figure.
  void Lose(uint32_t percent) { lost_percent_ = percent; }
  // So it is on virtual nodes.
  void LoseVirtual(bool lost) { virtual_lost_ = lost; }

  // The container of a pod ends, and is back after a while, with nothing but its load: meanwhile the others
  // carry that. Kubernetes does not notice; the pod's agent does, at its next reading. `place`: from 1, by
  // name.
  struct Crash {
    int32_t exit_code = 1;
    std::string reason;
    absl::Duration back_after;
  };
  void KillContainer(const std::string& workload, size_t place, const Crash& crash);

  // ---- what the coordinator asks over that connection; it takes no time ----
  void SampleClosely(const std::string& node, uint64_t connection, const std::vector<std::string>& uids);

  // The first report of a connection holds all that the agent knows: adds the node's pods to it.
  void AddAll(const std::string& node, uint64_t connection, v1::Report& report);

 private:
  static constexpr uint64_t kDiceOfSamples = 0x5a3b1e;

  struct OfNode {
    uint64_t connection = 0;
    bool told_all = false;                      // over this connection
    std::set<std::string> wanted;               // as the coordinator asked last over this connection
    std::set<std::string> closely;              // as the agent has heard it
    std::map<std::string, v1::PodReport> told;  // by uid, over this connection
    std::map<std::string, int> told_again;      // readings that are told whatever they say, by uid
    absl::Time sends = absl::InfinitePast();    // not before: what was read last is sent then
    bool looks = false;                         // once a second, from the first request on
    bool waits = false;                         // what was asked finds no way to the agent yet
  };

  struct Life {
    uint32_t restarts = 0;  // when it is back
    Crash crash;            // the last
    absl::Time died;
    absl::Time back;
  };

  OfNode& Of(const std::string& node, uint64_t connection);
  bool IsLost(const std::string& node) const;
  std::vector<v1::PodReport> PodsOn(const std::string& node) const;
  bool IsDead(const std::string& uid) const;
  void AddLife(const std::string& uid, const std::string& node, v1::ContainerReport& container) const;
  PodUse UseOfPod(const coordinator::PodFacts& pod) const;
  void Deliver(const std::string& node);
  void LookAgain(const std::string& node);
  void Look(const std::string& node);
  void Send(const std::string& node, const v1::Report& report);

  const Surroundings around_;
  Dice dice_;
  std::map<std::string, Load> loads_;  // by workload
  std::map<std::string, Life> lives_;  // of pods whose container has died, by uid
  uint32_t lost_percent_ = 0;
  bool virtual_lost_ = false;
  std::map<std::string, OfNode> nodes_;
};

}  // namespace evenkeel::simulation
