// What a trial with a scale policy is about: the workload, its policy, and how much load a replica carries.
// Everything of it comes from dice of its own, so that trials without one are what they were.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "coordinator/core/policy.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/load_model.h"
#include "tests/simulation/workload_spec.h"
#include "tests/simulation/world.h"

namespace evenkeel::simulation {

// People set at most so many replicas more than the maximum.
inline constexpr uint32_t kMostByHand = 4;

class ScaleStory {
 public:
  // Of a small cluster, one in three: none for the others. Makes the scaled workload ready for it, and adds
  // one that nothing scales yet.
  // `always`: whatever the seed says.
  static std::optional<ScaleStory> Draw(uint64_t seed, uint64_t nodes, std::vector<WorkloadSpec>& workloads,
                                        bool always = false);

  // The workloads as large as they may become: what room is to be for.
  std::vector<WorkloadSpec> Grown(std::vector<WorkloadSpec> workloads) const;
  // Applies the policy and begins the load; before the start.
  void Begin(World& world);

  const std::string& workload() const { return workload_; }
  // That nothing scales, but for who comes.
  const std::string& other() const { return other_; }
  const coordinator::ScaleRules& rules() const { return policy_.scale().rules; }
  bool enforces() const { return policy_.scale().mode == coordinator::PolicyMode::kEnforce; }
  uint32_t maximum() const { return static_cast<uint32_t>(rules().maximum); }
  // That so many hundredths of a replica carry at the target.
  Load LoadOf(int64_t hundredths) const;
  // In hundredths of a replica: from less than the minimum to more than the maximum carry.
  int64_t AnyHeight(Dice& dice) const;
  int64_t LowHeight(Dice& dice) const;
  int64_t HighHeight(Dice& dice) const;
  // It goes on for ten minutes after all is well, with a load that wavers.
  bool has_noise() const { return has_noise_; }
  // For so long what was before may still turn the replicas: by a window, or by the end of a panic.
  absl::Duration echo() const;
  Dice& dice() { return dice_; }

 private:
  explicit ScaleStory(uint64_t seed);
  coordinator::ScaleRules DrawRules();

  Dice dice_;
  std::string workload_;
  std::string other_;
  coordinator::Policy policy_;
  int64_t target_millicores_ = 0;  // of a replica
  int64_t limit_millicores_ = 0;
  int64_t start_up_millicores_ = 0;
  bool has_noise_ = false;
};

}  // namespace evenkeel::simulation
