// Which nodes are lost in truth, and since when: what verdicts are held against.
//
// A node is lost while it does not run, or while it is cut off: the coordinator has no way to its agent, or
// the agent is too slow to be heard in time, and fewer than two thirds of the nodes that the coordinator has
// a way to reach it, and the API server does not reach it in time either. (The coordinator asks two to four
// of them, by its policy: cut off from both control planes and from a third of its peers, a node may be met
// by none of those.) Where there is no such other node, nobody could tell, and it counts as not lost.
#pragma once

#include <map>
#include <string>

#include "absl/time/time.h"
#include "tests/simulation/machine.h"
#include "tests/simulation/network.h"
#include "tests/simulation/schedule.h"

namespace evenkeel::simulation {

class Truth {
 public:
  Truth(const Schedule& schedule, const std::map<std::string, Machine>& machines, const Network& network)
      : schedule_(schedule), machines_(machines), network_(network) {}

  // After every change of machines or ways.
  void Evaluate();

  // The last instant at which the node was lost; InfinitePast: never.
  absl::Time LastLost(const std::string& node) const;
  // Since when it has been without a break; InfiniteFuture: it is not.
  absl::Time LostSince(const std::string& node) const;
  // When it was last lost, its beginning, be it over or not, or when its machine stopped to run in that loss:
  // what it renewed before says nothing about afterwards. One that is only cut off lives, and what it renewed
  // must be remembered. InfinitePast: never.
  absl::Time LastLoss(const std::string& node) const;

 private:
  struct State {
    bool lost = false;
    bool runs = true;
    absl::Time since;                        // of `lost`
    absl::Time loss = absl::InfinitePast();  // as LastLoss has it
    absl::Time last = absl::InfinitePast();  // when it was not, any more
  };

  bool HeardByCoordinator(const Machine& machine) const;
  bool Lost(const std::string& node, const Machine& machine) const;

  const Schedule& schedule_;
  const std::map<std::string, Machine>& machines_;
  const Network& network_;
  std::map<std::string, State> states_;
};

}  // namespace evenkeel::simulation
