// What bounds one call to a gateway: a deadline, and somebody who may end it before.
#pragma once

#include <atomic>
#include <chrono>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {

// Ends the calls that were made with it. Any thread; once ended it stays so.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void End();
  bool ended() const { return ended_; }
  // Readable from End() on: for poll().
  int descriptor() const { return descriptor_; }

 private:
  std::atomic<bool> ended_ = false;
  int descriptor_ = -1;
};

// A point of the monotonic clock, and the interrupt, which must outlive it. A copy is the same call.
class Call {
 public:
  Call(absl::Duration deadline, const Interrupt& interrupt);

  // A part of this call that may take no longer than `most`.
  Call Part(absl::Duration most) const;

  absl::Duration left() const;  // not negative
  // OK, CANCELLED, or DEADLINE_EXCEEDED: whether there is any use in going on with `doing`.
  absl::Status GoOn(absl::string_view doing) const;

  // Waits until poll() has one of `events` for the descriptor (negative: none, so this only waits). OK, or as
  // GoOn.
  absl::Status Poll(int descriptor, short events, absl::string_view doing) const;
  // Waits for `time`, less where the call ends before: false then.
  bool Pause(absl::Duration time) const;

 private:
  std::chrono::steady_clock::time_point until_;
  const Interrupt* interrupt_;
};

}  // namespace evenkeel::coordinator
