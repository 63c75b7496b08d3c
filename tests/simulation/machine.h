// What is true of one machine. The core never sees it; the world acts by it, and the laws are checked by it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/health.h"

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

  // What is sick in it, as its agent finds it, with the cause in `detail`; a kubelet that does not run is
  // found by itself.
  std::vector<coordinator::Symptom> symptoms;
  // Its agent cannot verify the kubelet's certificate: it can see that nobody answers, and not that it is
  // well.
  bool kubelet_hidden = false;
  absl::Time last_sick = absl::InfinitePast();  // when it was last mended
  bool restarts_permitted = true;               // its host takes requests for restarts
  bool restart_helps = true;                    // and they mend the part

  absl::Duration lag;         // what its processes do is late by up to this; its kernel is not
  absl::Duration clock_skew;  // its wall clock minus the true time

  uint32_t boots = 1;
  absl::Time kubelet_lost;  // when its kubelet was last not heard by the API server

  bool Runs() const { return powered && !frozen; }
  bool KubeletHeard() const { return Runs() && kubelet && !cut_from_api; }
  bool AgentRuns() const { return Runs() && agent; }

  std::vector<coordinator::Symptom> Health() const {
    std::vector<coordinator::Symptom> health = symptoms;
    if (!kubelet) health.push_back({coordinator::SymptomKind::kKubelet, "", 0, {}});
    return health;
  }
  void Mend(absl::Time now) {
    if (!Health().empty()) last_sick = now;
    kubelet = true;
    symptoms.clear();
  }
  // Its kubelet and runtime end what they are told to end; with no memory left they still do.
  bool EndsPods() const {
    return KubeletHeard() && std::all_of(symptoms.begin(), symptoms.end(), [](const auto& symptom) {
             return symptom.kind == coordinator::SymptomKind::kMemoryStall;
           });
  }
};

}  // namespace evenkeel::simulation
