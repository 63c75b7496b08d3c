// The real core with many scaled workloads, their pods and what those use, second by second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/core.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/events.h"
#include "coordinator/core/workload.h"

namespace evenkeel::scaler_bench {

inline constexpr size_t kPodsEach = 10;

class Fleet {
 public:
  // Policies, workloads and pods are there, and the coordinator's grace of its start is over.
  explicit Fleet(size_t workloads);

  struct Second {
    absl::Duration cpu;  // CPU time of this thread in the core
    size_t actions = 0;
    size_t statuses = 0;  // scalers that were looked at
    size_t writes = 0;
  };
  // One second goes by: every pod uses a little more or less, all of it is told in one event, and the core's
  // deadlines are kept. What is told is made before the clock runs.
  Second Advance();
  // The same, but half of the load goes away at once: every workload is to be scaled in, in one second. None
  // of it is answered, so it is the last that can be asked for.
  Second Fall();

 private:
  uint64_t Chance();  // 31 bits, the same in each run
  std::string NextUid();
  void Step(const coordinator::Event& event);
  void TickUntil(absl::Time end);
  coordinator::UsageTold NextUsage(int64_t percent);
  Second Count(const coordinator::Event& usage);

  absl::Time now_;
  coordinator::Core core_;
  uint64_t chance_ = 1;
  Second counted_;
  std::vector<std::string> uids_;  // of the pods, node by node: in that order the usage is told
};

}  // namespace evenkeel::scaler_bench
