// Calls a function after a while.
#pragma once

#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace grpc {
class Alarm;
}

namespace evenkeel::coordinator {

class Later {
 public:
  // Nothing is called any more, nor under way, when it returns.
  virtual ~Later() = default;

  // Calls `due` once, after `delay`, on another thread; in place of what waits already. `due` must neither
  // wait nor call this. One thread at a time.
  virtual void Call(absl::Duration delay, std::function<void()> due) = 0;
};

// By gRPC's timers, on gRPC's threads.
class AlarmLater final : public Later {
 public:
  AlarmLater();
  ~AlarmLater() override;

  void Call(absl::Duration delay, std::function<void()> due) override;

 private:
  struct Waiting;
  const std::shared_ptr<Waiting> waiting_;  // the alarm's callback may outlive this
  std::unique_ptr<grpc::Alarm> alarm_;
};

}  // namespace evenkeel::coordinator
