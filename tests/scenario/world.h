// A small world around the real core: machines with agents, a Kubernetes model, a durable store, one virtual
// clock. It answers what the core asks and carries out what it orders; what is true of the machines is the
// world's secret.
//
// Deterministic: the same calls give the same steps.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "tests/scenario/kubernetes_model.h"
#include "tests/scenario/schedule.h"

namespace evenkeel::scenario {

inline constexpr char kCluster[] = "local";

// What happened, for whoever watches the world: a printer, or the checks of a property test.
struct Observer {
  virtual ~Observer() = default;
  // The core made one step; its writes are durable and nothing else has been released yet.
  virtual void OnStep(const coordinator::Event& event, const coordinator::Effects& effects) = 0;
  // The coordinator crashed after that step's commit: nothing of it was released.
  virtual void OnCrash() = 0;
};

class World {
 public:
  // `observer` may be null.
  explicit World(Observer* observer);
  ~World();

  // ---- set-up: before anything else ----
  void AddNode(const std::string& name, const std::string& zone);
  void Start();  // the coordinator, with every agent coming in

  void Deploy(const WorkloadSpec& spec) { kubernetes_->Deploy(spec); }
  void Apply(const coordinator::Policy& policy);

  // ---- what can happen ----
  Machine& machine(const std::string& node) { return machines_.at(node); }
  void MachineChanged(const std::string& node);  // after its truth was changed
  void PowerOff(const std::string& node);
  void PowerOn(const std::string& node);
  void KillAgent(const std::string& node);   // its process; the kernel closes the connection
  void SayGoodbye(const std::string& node);  // the agent stops on purpose
  void StartAgent(const std::string& node);
  void SetApiAway(bool away);
  void PauseCoordinator(absl::Duration pause);  // SIGSTOP and SIGCONT; the world goes on meanwhile
  void StopCoordinator();                       // dies; what is not durable is lost
  void StartCoordinator();
  // The next step that releases actions ends in a crash between its commit and their release.
  void CrashBeforeRelease() { crash_before_release_ = true; }
  void ForgetCrash() { crash_before_release_ = false; }  // that has not come yet
  void Advance(absl::Duration by);

  // ---- what is true ----
  absl::Time now() const { return schedule_.now(); }
  absl::Time start() const { return start_; }
  const std::map<std::string, Machine>& machines() const { return machines_; }
  KubernetesModel& kubernetes() { return *kubernetes_; }
  const std::map<coordinator::DecisionId, coordinator::Decision>& decisions() const { return decisions_; }
  bool coordinator_runs() const { return core_ != nullptr; }

 private:
  // The coordinator's end of one agent's session.
  struct AgentSession {
    uint64_t id = 0;  // 0 = none
    bool missed = false;
    uint32_t boots = 0;  // of the machine when it began
    absl::Time last_beat;
  };

  bool Heard(const std::string& node) const;
  void Reconsider(const std::string& node);
  void Connect(const std::string& node);
  absl::Time LastBeat(const std::string& node) const;
  void Give(const coordinator::Event& event);
  void Persist(const coordinator::Effects& effects);
  void Carry(const coordinator::Request& request);
  void Probe(const coordinator::ProbeNode& request);
  coordinator::NodeKey Key(const std::string& node) const { return {kCluster, node}; }

  Observer* const observer_;
  Schedule schedule_;
  const absl::Time start_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, AgentSession> sessions_;
  std::unique_ptr<KubernetesModel> kubernetes_;

  std::unique_ptr<coordinator::Core> core_;
  uint64_t life_ = 0;  // of the coordinator: what an earlier one asked for is not answered to a later one
  absl::Time paused_until_ = absl::InfinitePast();
  std::vector<coordinator::Event> held_;  // events that a paused coordinator has not read yet
  bool crash_before_release_ = false;
  uint64_t session_count_ = 0;
  absl::Duration beat_interval_ = absl::Milliseconds(200);
  absl::Duration suspect_after_ = absl::Milliseconds(600);

  // What is durable.
  uint64_t epoch_ = 0;
  std::map<coordinator::DecisionId, coordinator::Decision> decisions_;
  std::map<coordinator::NodeKey, coordinator::NodeRecord> records_;
  std::map<std::string, coordinator::Policy> policies_;
};

}  // namespace evenkeel::scenario
