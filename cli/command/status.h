#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cli/command/context.h"

namespace evenkeel::cli {

struct StatusOptions {
  bool wait = false;
  absl::Duration timeout = absl::Minutes(2);
};

// What keeps the fleet from being well, a sentence each; empty when all is well: there is a cluster, each API
// server can be used, neither clusters nor failure domains are blind, every node is watched by an agent and
// healthy, and no decision is open. Virtual nodes (type=virtual-kubelet), which cannot run an agent, need
// none.
std::vector<std::string> Problems(const std::vector<v1::Cluster>& clusters,
                                  const std::vector<v1::Node>& nodes,
                                  const std::vector<v1::Decision>& open_decisions);

// `status`: the whole fleet on one screen. OK only if all is well; with `wait` it looks again, twice a
// second, until it is or the timeout is over, and says on stderr what it waits for.
absl::Status RunStatus(Context& context, const StatusOptions& options);

}  // namespace evenkeel::cli
