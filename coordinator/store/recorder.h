// Who wants to know what the core was told. All calls come from the loop's thread, after the turn's commit
// and release, so that nothing that is durable or handed out waits for the recorder; none may block.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/events.h"

namespace evenkeel::coordinator {

// One step of the core: what it was told, when, and what it decided.
struct RecordedStep {
  Event event;
  absl::Time now;
  std::vector<Decision> decided;  // new or changed, as the step left them, in the order of their ids
};

class Recorder {
 public:
  virtual ~Recorder() = default;

  // A core was made of `restored` at `now`. First of all calls.
  virtual void OnStart(const Restored& restored, absl::Time now) = 0;

  // It made these steps, which follow the last ones that were told, or the start.
  virtual void OnSteps(std::vector<RecordedStep> steps) = 0;

  // Whether it wants a checkpoint of the core now. Asked after each turn.
  virtual bool WantsCheckpoint() const = 0;
  // The core as it is after all steps that were told; see Core::Checkpoint.
  virtual void OnCheckpoint(std::string checkpoint, absl::Time now) = 0;
};

}  // namespace evenkeel::coordinator
