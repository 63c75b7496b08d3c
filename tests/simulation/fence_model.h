// The agents' side of fencing in the simulated world: what each has been told and has promised, when it heard
// its last word, and from when on it keeps its marked pods stopped; and the watchdogs of the machines. The
// real one is agent/fence; this follows the same rules in the world's time.
//
// Times are those of the world: machines' boot clocks do not run apart here.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "tests/simulation/agents.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/marks.h"
#include "tests/simulation/network.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

class FenceModel {
 public:
  struct Surroundings {
    Schedule& schedule;
    std::map<std::string, Machine>& machines;
    const Network& network;
    Agents& agents;
    Marks& marks;
    std::function<void(const std::string& node, coordinator::FencingReported)> report;  // to the coordinator
    // What is held on the node has stopped there; what may run there has changed.
    std::function<void(const std::string& node, const std::set<std::string>& uids)> stop;
    std::function<void(const std::string& node)> changed;
    std::function<void(const std::string& node)> reset;  // by its watchdog
    std::function<void(const std::string& line)> tell;   // what is true now, for whoever watches
  };

  FenceModel(Surroundings surroundings, uint64_t seed)
      : around_(std::move(surroundings)), dice_(seed), scattered_(seed != 0) {}

  void SetWatchdogs(bool there) { watchdogs_ = there; }  // in all machines; before the start

  // The coordinator's settings are on their way to the agent, by the session's connection.
  void Settings(const coordinator::SetFencing& request, uint64_t connection);
  // The coordinator has confirmed to the agent what was sent at `sent`.
  void Heard(const std::string& node, absl::Time sent);
  // Its agent has said goodbye, and the coordinator has taken note of it.
  void Left(const std::string& node);
  // A new process of its agent, in the same boot: it goes on with what the earlier one left on the host.
  void AgentStarted(const std::string& node) {
    if (const auto agent = agents_.find(node); agent != agents_.end()) agent->second.told = false;
  }
  // The machine has booted again: nothing is left of what its agent was told.
  void Booted(const std::string& node) { agents_.erase(node); }

  // The pod may not run there: its sandbox' next name is taken.
  bool Holds(const std::string& node, const std::string& uid) const;
  bool Fenced(const std::string& node) const;

 private:
  struct Agent {
    coordinator::FencingSettings settings;
    uint64_t connection = 0;  // that they came by
    uint64_t session_id = 0;
    uint64_t told_fence = 0;  // the last one that the coordinator was told of
    bool told = false;        // to the process that runs now
    absl::Time heard;
    bool armed = false;
    bool fenced = false;
    absl::Time fenced_since;
    std::set<std::string> held;     // uids
    std::set<std::string> stopped;  // those of them that are blocked and run no more
    absl::Time fed;                 // the watchdog
    bool turns = false;             // its next turn is arranged
  };

  void Follow(const coordinator::SetFencing& request, uint64_t connection);
  static uint64_t FenceOf(const Agent& agent);  // as FencingReported.fence
  void Report(const std::string& node, const Agent& agent);
  bool Vouched(const std::string& node, const Agent& agent) const;
  void TurnLater(const std::string& node);
  void Turn(const std::string& node);
  void Hold(const std::string& node, Agent& agent);

  const Surroundings around_;
  Dice dice_;
  const bool scattered_;  // stopping takes its time
  bool watchdogs_ = true;
  std::map<std::string, Agent> agents_;
};

}  // namespace evenkeel::simulation
