// The agents and their connections to the coordinator, as far as judgement depends on them: who connects
// when, beats, probes, reports, ends. Their rhythm and what they tell again are the real agent's
// (agent/core); their messages are calls here.
//
// A connection is a TCP connection: what is sent arrives in order or not at all. Where a way is closed, it
// stalls; a process that ends closes it; a machine that ends does not.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "agent/core/beat_pacer.h"
#include "agent/core/reconnect.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "evenkeel/v1/report.pb.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/network.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

// The coordinator's port, as agents see it.
class AgentListener {
 public:
  virtual ~AgentListener() = default;
  virtual bool Listens() const = 0;  // its process is there, be it stopped
  virtual void OnHello(uint64_t connection, const std::string& node, uint32_t boots) = 0;
  virtual void OnBeat(uint64_t connection, uint64_t sequence, absl::Time node_time) = 0;
  virtual void OnProbed(uint64_t connection, const coordinator::ProbeAnswered& answer) = 0;
  virtual void OnReport(uint64_t connection, const v1::Report& report) = 0;
  virtual void OnEnd(uint64_t connection, bool goodbye, const std::string& reason) = 0;
};

class Agents {
 public:
  Agents(Schedule& schedule, const Knobs& knobs, std::map<std::string, Machine>& machines,
         const Network& network, Marks& marks, uint64_t seed);
  ~Agents();

  void Add(const std::string& node);
  // Who listens where agents connect to; null: nobody does.
  void SetListener(AgentListener* listener) { listener_ = listener; }

  // ---- what happens to them ----
  void MachineChanged(const std::string& node);  // after its truth was changed
  void PoweredOn(const std::string& node);
  void Kill(const std::string& node);     // its process; the kernel closes the connection
  void Goodbye(const std::string& node);  // it stops on purpose
  void Start(const std::string& node);
  // Its kernel writes a line into its log, which the agent reads if it runs.
  void KernelSays(const std::string& node, v1::NodeOccurrence::Kind kind, const std::string& line);
  void ListenerDied();  // the coordinator's process: the kernel closes its connections

  // ---- what the coordinator sends; nothing where the connection is no more ----
  void Welcome(uint64_t connection, absl::Duration beat_interval);
  void Acknowledge(uint64_t connection, uint64_t sequence);
  void Probe(uint64_t connection, const coordinator::ProbeNode& request);
  void End(uint64_t connection);
  // The agent has not given it up.
  bool Holds(uint64_t connection);
  // It is welcomed, its agent runs and has a way to the coordinator.
  bool Speaks(uint64_t connection);
  // Whoever has this connection hears what the coordinator sends over it now.
  bool HearsCoordinator(uint64_t connection);
  // Sends a report over it, behind what was sent before. False: there is no way now, and nothing was sent.
  bool Send(uint64_t connection, const v1::Report& report);
  // When its hello was sent; the agent has not given it up.
  absl::Time HelloAt(uint64_t connection);
  // Called with the time at which a beat was sent that the coordinator has confirmed now. Null: nobody cares.
  void OnConfirmed(std::function<void(const std::string& node, absl::Time sent)> heard) {
    confirmed_ = std::move(heard);
  }

  // Called for the first report of each connection, which holds all that the agent knows; adds what others
  // know of the node. Null: nobody does.
  using AddToFirst = std::function<void(const std::string& node, uint64_t connection, v1::Report& report)>;
  void OnFirstReport(AddToFirst add) { add_to_first_ = std::move(add); }

  // Whether the API server of that cluster answers who asks it from elsewhere. Null: it does not.
  void OnApiTried(std::function<bool(const std::string& cluster)> answers) {
    api_answers_ = std::move(answers);
  }

  // A restart of a part of the node, which its agent asks the host for. `answer` comes once.
  void Restart(const coordinator::ReleasedAction& action, std::function<void(coordinator::Event)> answer);

 private:
  struct Agent;

  Agent& Of(const std::string& node) { return *agents_[places_.at(node)]; }
  Agent* Find(uint64_t connection);
  bool Linked(const Agent& agent) const;  // both ways are open
  void Connect(Agent& agent, absl::Duration after);
  void TryConnect(Agent& agent);
  void Lost(Agent& agent);  // its connection: it will try again
  void ArmBeat(Agent& agent);
  void OnBeatDue(Agent& agent);
  void SendBeat(Agent& agent, uint64_t sequence);
  void CloseKnown(Agent& agent, bool goodbye, const std::string& reason);
  void Report(Agent& agent);
  void Mend(Agent& agent, coordinator::ActionKind restart);
  void Try(const coordinator::ProbeNode& request, uint64_t connection);
  bool IsThere(const Agent& witness, const coordinator::ProbeNode& request) const;
  absl::Duration Delay(Agent& agent);

  Schedule& schedule_;
  const Knobs& knobs_;
  std::map<std::string, Machine>& machines_;
  const Network& network_;
  Marks& marks_;
  const uint64_t seed_;
  AgentListener* listener_ = nullptr;
  std::function<void(const std::string& node, absl::Time sent)> confirmed_;
  AddToFirst add_to_first_;
  std::function<bool(const std::string& cluster)> api_answers_;
  uint64_t connections_ = 0;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::map<std::string, size_t> places_;
};

}  // namespace evenkeel::simulation
