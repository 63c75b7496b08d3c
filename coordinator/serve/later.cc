#include "coordinator/serve/later.h"

#include <grpc/support/time.h>
#include <grpcpp/alarm.h>

#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::coordinator {

struct AlarmLater::Waiting {
  absl::Mutex mutex;
  std::function<void()> due ABSL_GUARDED_BY(mutex);  // empty: nothing waits
  uint64_t number ABSL_GUARDED_BY(mutex) = 0;        // of the alarm that it waits for
};

AlarmLater::AlarmLater() : waiting_(std::make_shared<Waiting>()) {}

AlarmLater::~AlarmLater() {
  absl::MutexLock lock(&waiting_->mutex);
  waiting_->due = nullptr;
}

void AlarmLater::Call(absl::Duration delay, std::function<void()> due) {
  uint64_t number = 0;
  {
    absl::MutexLock lock(&waiting_->mutex);
    waiting_->due = std::move(due);
    number = ++waiting_->number;
  }
  // One of its own for each call: the last one's callback may still be at its end.
  alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                           gpr_time_from_nanos(absl::ToInt64Nanoseconds(delay), GPR_TIMESPAN)),
              [waiting = waiting_, number](bool fired) {
                absl::MutexLock lock(&waiting->mutex);
                if (!fired || waiting->number != number || !waiting->due) return;
                std::exchange(waiting->due, nullptr)();
              });
}

}  // namespace evenkeel::coordinator
