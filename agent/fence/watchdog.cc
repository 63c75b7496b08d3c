#include "agent/fence/watchdog.h"

#include <fcntl.h>
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace evenkeel::agent {

absl::StatusOr<std::unique_ptr<Watchdog>> Watchdog::Open(const std::string& device, absl::Duration timeout) {
  // Not to wait for a reader, should it be a pipe.
  const int file = open(device.c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return absl::ErrnoToStatus(errno, absl::StrCat("cannot open ", device));
  int seconds = static_cast<int>(absl::ToInt64Seconds(absl::Ceil(timeout, absl::Seconds(1))));
  // A driver may refuse to be told, and has a time of its own then.
  (void)ioctl(file, WDIOC_SETTIMEOUT, &seconds);
  int own = 0;
  struct stat kind {};
  const bool pipe = fstat(file, &kind) == 0 && S_ISFIFO(kind.st_mode);
  if (ioctl(file, WDIOC_GETTIMEOUT, &own) == 0 && own > 0) {
    timeout = absl::Seconds(own);
  } else if (!pipe) {
    // It has begun to count, and nobody knows for how long: it is told to stop, and not relied on.
    (void)!write(file, "V", 1);
    close(file);
    return absl::FailedPreconditionError(
        absl::StrCat(device, " does not tell after how long it resets the machine"));
  }
  watchdog_info info{};
  if (!pipe && (ioctl(file, WDIOC_GETSUPPORT, &info) != 0 || (info.options & WDIOF_MAGICCLOSE) == 0)) {
    // The kernel stops it when its file is closed, and so when this process is killed.
    (void)!write(file, "V", 1);
    close(file);
    return absl::FailedPreconditionError(
        absl::StrCat(device, " would stop when the agent is killed: its driver lacks \"magic close\""));
  }
  return std::unique_ptr<Watchdog>(new Watchdog(file, timeout));
}

Watchdog::~Watchdog() {
  if (file_ >= 0) close(file_);
}

bool Watchdog::Feed() {
  return file_ >= 0 && (write(file_, "1", 1) == 1 || errno == EAGAIN);
}

void Watchdog::Disarm() {
  if (file_ < 0) return;
  // The magic character tells the driver that the close is on purpose.
  (void)!write(file_, "V", 1);
  close(file_);
  file_ = -1;
}

}  // namespace evenkeel::agent
