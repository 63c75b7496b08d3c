// What is true of one machine. The core never sees it; the world acts by it, and the laws are checked by it.
#pragma once

#include <cstdint>
#include <set>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::simulation {

struct Machine {
  std::string zone;
  bool powered = true;
  bool frozen = false;  // hangs: nothing of it runs or answers, and its connections are not closed
  bool kubelet = true;  // the kubelet's process runs
  bool agent = true;    // the agent's process runs

  // Ways that are closed, in both directions.
  bool cut_from_coordinator = false;
  bool cut_from_peers = false;
  bool cut_from_api = false;
  std::set<std::string> cut_from;  // peers that do not reach it (they are still reached from it)
  // One-way: nothing gets out of it to the other nodes and the coordinator, or nothing in.
  bool mute = false;
  bool deaf = false;

  absl::Duration lag;         // what its processes do is late by up to this; its kernel is not
  absl::Duration clock_skew;  // its wall clock minus the true time

  uint32_t boots = 1;
  absl::Time kubelet_lost;  // when its kubelet was last not heard by the API server

  bool Runs() const { return powered && !frozen; }
  bool KubeletHeard() const { return Runs() && kubelet && !cut_from_api; }
  bool AgentRuns() const { return Runs() && agent; }
};

}  // namespace evenkeel::simulation
