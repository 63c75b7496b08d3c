// The coordinator's judgement: a deterministic state machine without clock, thread, socket, file or
// randomness (L12).
//
//   Core core(restored);
//   for (;;) { effects = core.Step(event, now);  /* make effects.writes durable, then release the rest */ }
//
// The host's duties:
//  1. One event at a time; `now` never goes back. It is a steady clock that was set to the wall clock once,
//  at the start,
//     so that a jump of the wall clock is invisible.
//  2. Effects.writes of a step are durable before anything else of it is released, and steps are made durable
//  in order.
//     Several steps may share one durable batch.
//  3. Step(Tick{}) as soon as `now` reaches NextDeadline(). The core takes lateness as evidence against
//  itself (L2).
//  4. After a start: Restored holds what the store held and an epoch higher than any before; then
//  ClusterAdded for each
//     cluster. Open decisions are carried on by the core itself (L4).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/core/cluster_record.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/core/policy.h"
#include "coordinator/core/scale/scaler_record.h"
#include "coordinator/core/switch/standing_record.h"
#include "coordinator/core/switch/switch_record.h"

namespace evenkeel::coordinator {

// What the store gave at the start.
struct Restored {
  uint64_t epoch = 0;  // this start's; raised by the store
  std::vector<Decision> open_decisions;
  std::vector<NodeRecord> nodes;
  std::vector<Policy> policies;
  std::vector<ClusterRecord> clusters;
  std::vector<Maintenance> maintenances;
  std::vector<ScalerRecord> scalers;
  std::vector<StoredSwitch> switches;  // whose decisions are open
  std::vector<StandingRecord> standings;
};

struct State;

class Core {
 public:
  Core(const Restored& restored, absl::Time now);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  Effects Step(const Event& event, absl::Time now);

  // When the core wants its next Tick; at most a quarter of a second ahead.
  absl::Time NextDeadline() const;

  // Those in force, by name.
  const std::map<std::string, Policy>& policies() const;

  // The whole state as bytes. A core that is made from them makes every later step as this one does, bit for
  // bit. They mean something only to a core whose CheckpointShape is the same. Cost: O(state), some
  // 0.3 us a pod.
  std::string Checkpoint() const;
  static absl::StatusOr<std::unique_ptr<Core>> FromCheckpoint(std::string_view bytes);  // DATA_LOSS
  // Differs between versions whose states are made of different fields.
  static uint64_t CheckpointShape();

 private:
  explicit Core(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace evenkeel::coordinator
