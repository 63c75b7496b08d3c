#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace evenkeel::agent {

// The machine's watchdog (Linux watchdog API, /dev/watchdog): once open it resets the machine unless it is
// fed in time, whatever becomes of this process. It is what a frozen agent cannot keep its pods running
// against.
class Watchdog {
 public:
  // Opens it, which starts it. `timeout` is asked of its driver, which may take another: see timeout(). A
  // pipe, behind which somebody else keeps the time, is taken to have `timeout`; a driver that does not tell
  // its time, or that would stop when this process is killed (without WDIOF_MAGICCLOSE), is
  // FAILED_PRECONDITION. Errors name the device.
  static absl::StatusOr<std::unique_ptr<Watchdog>> Open(const std::string& device, absl::Duration timeout);
  // Leaves it running: who goes without Disarm has the machine reset, unless a successor opens it in time.
  ~Watchdog();

  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  absl::Duration timeout() const { return timeout_; }
  // False: the device is gone or broken.
  bool Feed();
  // Stops it, where its driver allows that.
  void Disarm();

 private:
  Watchdog(int file, absl::Duration timeout) : file_(file), timeout_(timeout) {}

  int file_;
  const absl::Duration timeout_;
};

}  // namespace evenkeel::agent
