#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

// Lines of the kernel's log, as syslog(2) gives them: "<6>[   12.345678] text", or with the caller's id
// "<6>[   12.345678][  T123] text" where the kernel is built so.
namespace evenkeel::agent {

struct KernelEvent {
  enum class Kind { kOomKill, kHungTask, kIoError, kReadOnlyFilesystem };
  Kind kind = Kind::kOomKill;
  absl::Duration since_boot;  // the stamp of the line
  std::string text;           // the line without its stamp, at most 512 bytes
  // The control group of the killed process (oom_kill only, Linux 5.0 and newer); its last part names the
  // container.
  std::optional<std::string> cgroup_path;
};

// The log's lines that tell of harm, oldest first, at most the newest 256. Lines without a stamp (printk.time
// is off) are passed over: without one it cannot be told which lines were seen before. A first line that was
// cut by a bounded read is passed over as well.
std::vector<KernelEvent> DecodeKernelEvents(std::string_view log);

// The stamp of the last line that has one.
std::optional<absl::Duration> LastKernelStamp(std::string_view log);

}  // namespace evenkeel::agent
