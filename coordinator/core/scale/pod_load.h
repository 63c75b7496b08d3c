// What the scaler is told of one pod of a workload: its state in Kubernetes, what it asked for, and the CPU
// that it was seen to use. Plain data; the caller joins the two sources, so a sample of a pod that Kubernetes
// does not show has nobody to ask for it.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

enum class PodPhase { kPending, kRunning, kSucceeded, kFailed };

// CPU of a pod over a window of time, all its containers together.
struct CpuSample {
  int64_t millicores = 0;  // mean over the window, 0 or more
  absl::Time taken;        // the end of the window
  absl::Duration window;
  bool operator==(const CpuSample&) const = default;
};

struct PodLoad {
  PodPhase phase = PodPhase::kPending;
  bool deleting = false;              // has a deletionTimestamp
  bool ready = false;                 // condition Ready is True
  std::optional<absl::Time> started;  // status.startTime; none: not known
  std::optional<absl::Time>
      ready_changed;  // when `ready` became what it is; none: there is no such condition
  // Its containers die again and again, or were killed for want of memory: whatever `ready` says, it is not
  // about to take up load.
  bool failing = false;
  // By its agent a container of it has died, and it has not been Ready since.
  bool down = false;
  int64_t request_millicores = 0;   // of all containers together; 0: one of them asks for none
  std::optional<CpuSample> sample;  // none: nothing was ever seen, or not for so long that it means nothing
  // The sample is the last that was seen, of a pod whose samples have stopped coming (usage_window.h).
  bool held = false;
  bool operator==(const PodLoad&) const = default;
};

}  // namespace evenkeel::coordinator
