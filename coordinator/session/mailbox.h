// What other threads ask of the sessions' thread, and how they wake it.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <cstddef>
#include <cstdint>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "coordinator/core/effects.h"
#include "coordinator/session/authenticator.h"
#include "coordinator/session/close_sampling.h"

namespace evenkeel::coordinator {

// An authentication came to an end.
struct IdentityFound {
  uint64_t session_id = 0;
  absl::StatusOr<AgentIdentity> identity;
};
// End all sessions, take no more.
struct EndAll {};
// Shut the completion queue down. The thread must do it itself: nobody may begin an operation on a queue that
// is shut down.
struct CloseQueue {};

using Command = std::variant<IdentityFound, ProbeNode, SetBeats, SetFencing, ConfirmGoodbye, ReleasedAction,
                             CloseSampling, EndAll, CloseQueue>;

// Any thread posts; the sessions' thread takes, and waits in one of two ways: in Rest, or in its completion
// queue, which a post then wakes by an alarm with the mailbox itself as the tag.
class Mailbox {
 public:
  static constexpr size_t kMaxWaiting = 65536;

  // The queue to be woken; null: no more (it is being shut down).
  void SetQueue(grpc::CompletionQueue* queue);

  // Never waits. `TryPost`: false if kMaxWaiting commands wait already; `Post`: for those whose number is
  // bounded elsewhere.
  void Post(Command command);
  bool TryPost(Command command);

  std::vector<Command> Take();

  // Waits for a command, no longer than `time`.
  void Rest(absl::Duration time);

  // The alarm's tag came back.
  void OnWoken();

 private:
  void Append(Command command) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::vector<Command> commands_ ABSL_GUARDED_BY(mutex_);
  grpc::CompletionQueue* queue_ ABSL_GUARDED_BY(mutex_) = nullptr;
  bool resting_ ABSL_GUARDED_BY(mutex_) = false;
  bool waking_ ABSL_GUARDED_BY(mutex_) = false;  // the alarm is set and has not come back
  grpc::Alarm alarm_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
