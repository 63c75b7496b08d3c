// What a trial with virtual nodes is about: real nodes that have no room for all that the load may ask for, a
// burst policy, the server's version, disruption budgets. What is scaled is the ScaleStory's. Its dice are
// its own, so that trials without virtual nodes stay what they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/policy.h"
#include "coordinator/core/resources.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/scale_story.h"
#include "tests/simulation/workload_spec.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class BurstStory {
 public:
  explicit BurstStory(uint64_t seed);
  // Of a small cluster in which nothing would be scaled, one in four: it needs a scale story then.
  static std::optional<BurstStory> Draw(uint64_t seed, uint64_t nodes);

  // The pods of what is scaled may go to virtual nodes; it gets its disruption budget.
  void Fit(const ScaleStory& scaled, std::vector<WorkloadSpec>& workloads);
  // Of each real node: all of them have room for the least that is ever wanted, and rarely for the most.
  coordinator::Resources Room(const ScaleStory& scaled, uint64_t nodes);
  // Adds the virtual nodes and applies the policy; before the start.
  void Begin(World& world);

  // The policy as it began.
  const coordinator::Policy& policy() const { return policy_; }
  const coordinator::Resources& room() const { return room_; }
  Dice& dice() { return dice_; }

 private:
  void DrawPolicy(const ScaleStory& scaled);

  Dice dice_;
  coordinator::Policy policy_;
  coordinator::Resources room_;
  uint64_t virtual_nodes_ = 1;
};

}  // namespace evenkeel::simulation
