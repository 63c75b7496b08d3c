// Recorded stories for tests: the simulated world's coordinator with a recorder that keeps what it is told,
// in memory, each thing through its stored form and back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/store/event_log_walk.h"
#include "coordinator/store/recorder.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/world.h"

namespace evenkeel::replay {

class Tape final : public coordinator::Recorder {
 public:
  // A checkpoint after so many steps; 0 = never.
  explicit Tape(uint64_t checkpoint_after = 0) : checkpoint_after_(checkpoint_after) {}

  void OnStart(const coordinator::Restored& restored, absl::Time now) override;
  void OnSteps(std::vector<coordinator::RecordedStep> steps) override;
  bool WantsCheckpoint() const override;
  void OnCheckpoint(std::string checkpoint, absl::Time now) override;

  std::vector<coordinator::LogItem>& items() { return items_; }
  uint64_t steps() const { return steps_; }
  uint64_t bytes() const { return bytes_; }  // of the steps, as they are stored
  // Begins with the last start or checkpoint at or before `since`, as EventLogWalk does.
  std::vector<coordinator::LogItem> From(absl::Time since) const;

 private:
  const uint64_t checkpoint_after_;
  uint64_t since_checkpoint_ = 0;
  uint64_t steps_ = 0;
  uint64_t bytes_ = 0;
  std::vector<coordinator::LogItem> items_;
};

// A cluster of a few nodes under random faults, from a seed: crashes, restarts of the coordinator, lost
// agents, a partition, an API server that goes away; then the faults end, and all converges.
class Tale {
 public:
  Tale(uint64_t seed, coordinator::Recorder* recorder);
  void Play();

  simulation::World& world() { return *world_; }
  const coordinator::Policy& policy() const { return policy_; }

 private:
  void Happen();
  void Repair(const std::string& node);

  simulation::Dice dice_;
  uint64_t nodes_ = 0;
  coordinator::Policy policy_;
  std::unique_ptr<simulation::World> world_;
};

}  // namespace evenkeel::replay
