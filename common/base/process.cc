#include "common/base/process.h"

#include "absl/synchronization/mutex.h"

namespace evenkeel::base {

void PrepareProcess() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace evenkeel::base
