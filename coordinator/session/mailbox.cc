#include "coordinator/session/mailbox.h"

#include <grpc/support/time.h>

#include <utility>

namespace evenkeel::coordinator {

void Mailbox::SetQueue(grpc::CompletionQueue* queue) {
  absl::MutexLock lock(&mutex_);
  queue_ = queue;
}

void Mailbox::Post(Command command) {
  absl::MutexLock lock(&mutex_);
  Append(std::move(command));
}

bool Mailbox::TryPost(Command command) {
  absl::MutexLock lock(&mutex_);
  if (commands_.size() >= kMaxWaiting) return false;
  Append(std::move(command));
  return true;
}

void Mailbox::Append(Command command) {
  commands_.push_back(std::move(command));
  if (!resting_ && !waking_ && queue_ != nullptr) {
    waking_ = true;
    alarm_.Set(queue_, gpr_now(GPR_CLOCK_MONOTONIC), this);
  }
}

std::vector<Command> Mailbox::Take() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(commands_, {});
}

void Mailbox::Rest(absl::Duration time) {
  absl::MutexLock lock(&mutex_);
  resting_ = true;
  const auto has_commands = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !commands_.empty(); };
  mutex_.AwaitWithTimeout(absl::Condition(&has_commands), time);
  resting_ = false;
}

void Mailbox::OnWoken() {
  absl::MutexLock lock(&mutex_);
  waking_ = false;
}

}  // namespace evenkeel::coordinator
