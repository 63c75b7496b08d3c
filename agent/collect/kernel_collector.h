#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/collect/board.h"
#include "agent/collect/host_files.h"

namespace evenkeel::agent {

// The newest part of the kernel's log by syslog(2), at most 64 KiB. It asks for CAP_SYSLOG and nothing else:
// a pod is not given /dev/kmsg. PermissionDenied without that capability.
absl::StatusOr<std::string> ReadKernelLog();

// Tells what the kernel says of harm (out of memory, hung tasks, I/O errors, read-only file systems) as
// occurrences. One thread.
class KernelCollector {
 public:
  using Source = std::function<absl::StatusOr<std::string>()>;

  // `board` outlives it. `read_log` is ReadKernelLog but in tests.
  KernelCollector(const HostRoot& host, Board& board, Source read_log);

  // One round. What was in the log when the agent started is history and not told, except what the kernel
  // says once and what does not go by itself (a hung task, a read-only file system), while it is young: the
  // agent before this one may have told it to a coordinator that has ended since. Without the right to read
  // the log there is nothing to tell, which is no failure.
  absl::Status Collect();

 private:
  Board& board_;
  const Source read_log_;
  KernelFile uptime_;
  std::optional<absl::Duration> seen_;  // the stamp up to which the log was told
  std::string buffer_;
};

}  // namespace evenkeel::agent
