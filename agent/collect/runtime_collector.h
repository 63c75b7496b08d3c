#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "agent/collect/board.h"
#include "agent/collect/cri/runtime_client.h"
#include "agent/collect/host_files.h"
#include "agent/collect/runtime_pods.h"
#include "agent/collect/usage_collector.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// Asks the container runtime whether it is well and which pods and containers there are, and finds each
// container's control group. One thread; each call has a deadline, and a round ends at the first that is
// missed.
//
// A host without the runtime's socket has no such runtime; but one that has answered this agent and whose
// socket is gone has stopped.
//
// Where pods are sampled closely (their workload is scaled), half-way between two rounds it is asked for the
// containers alone; a death or a start among them is then followed at once, so that none is older than half a
// second when it is seen.
//
// What costs the runtime is asked once for each container (its details, when it is new and when it has ended)
// and kept.
class RuntimeCollector {
 public:
  static constexpr absl::Duration kDeadline = absl::Seconds(2);  // of one call
  // Containers whose details are asked for in one round: a node that starts with many fills in within
  // seconds.
  static constexpr int kMostDetailsPerRound = 16;
  static constexpr absl::Duration kStatsInterval = absl::Seconds(10);

  // `board`, `usage` and `clock` outlive it. `socket` is a path of the host.
  RuntimeCollector(const HostRoot& host, const std::string& socket, Board& board, UsageCollector& usage,
                   const time::Clock& clock);

  // How often Look is called.
  static constexpr absl::Duration kLookEvery = absl::Milliseconds(500);

  // A round, or what comes half-way between two: by turns.
  absl::Status Look();
  // One round. A runtime that is not well is told to the board and is no failure of the collector.
  absl::Status Collect();
  // What comes between: a round's pods and containers where a container is new, gone or in another state.
  absl::Status CollectDeaths();

 private:
  PartObservation ReadHealth();
  absl::Status ReadVersion();
  absl::Status ReadPods();
  absl::Status ReadStats();
  absl::Status UpdateDetails();
  absl::Status ReadDetails(const runtime::v1::Container& container, ContainerDetails& details);
  std::string FindCgroup(const runtime::v1::ContainerStatusResponse& response) const;
  void TellLocations();

  const HostRoot host_;
  const std::string socket_path_;
  Board& board_;
  UsageCollector& usage_;
  const time::Clock& clock_;
  RuntimeClient client_;

  bool whole_ = false;         // the last look was a round
  bool has_answered_ = false;  // since the agent's start
  bool version_known_ = false;
  absl::Time stats_due_ = absl::InfinitePast();
  std::map<std::string, ContainerDetails> details_;  // by container id
  std::vector<std::string> located_;  // ids of the running containers that were told last, with their groups
  // Kept from round to round for their memory.
  runtime::v1::StatusResponse status_;
  runtime::v1::ListPodSandboxResponse sandboxes_;
  runtime::v1::ListContainersResponse containers_;
  runtime::v1::ListContainersResponse between_;
};

}  // namespace evenkeel::agent
