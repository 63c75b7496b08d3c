// What a trial about switches of traffic is about: two clusters with the same applications, gateways with
// their users in front of them, and what an operator asks for. Drawn from the seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/core/switch/switch_spec.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

class SwitchStory {
 public:
  static constexpr char kEast[] = "east";
  static constexpr char kWest[] = "west";

  explicit SwitchStory(uint64_t seed) : dice_(seed) {}

  // Before the start.
  void Begin(World& world);

  // "web", "api".
  const std::vector<std::string>& applications() const { return applications_; }
  // From the cluster that has its traffic now to the other one; each time drawn anew.
  coordinator::SwitchSpec Draw(World& world, const std::string& application);
  static std::string Other(const std::string& cluster) { return cluster == kEast ? kWest : kEast; }

 private:
  void DrawSteps(coordinator::SwitchSpec& spec);
  void DrawRules(coordinator::SwitchSpec& spec);

  Dice dice_;
  std::vector<std::string> applications_ = {"web"};
};

}  // namespace evenkeel::simulation
