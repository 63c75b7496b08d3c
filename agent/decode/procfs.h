#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The files of procfs that say how a host is doing (formats: proc(5), Documentation/accounting/psi.rst of
// Linux). Pure functions from a file's bytes to a struct. InvalidArgument names the file when the bytes do
// not have its form.
namespace evenkeel::agent {

// The summary of /proc/stat. Ticks are USER_HZ (1/100 s on every Linux ABI in use) and only ever compared as
// differences and shares, so their unit does not matter.
struct ProcStat {
  uint64_t busy_ticks = 0;                    // user, nice, system, irq, softirq, steal
  uint64_t idle_ticks = 0;                    // idle and waiting for I/O
  uint32_t cpus = 0;                          // processors that are online
  std::optional<uint64_t> blocked_processes;  // in uninterruptible sleep now: high when storage hangs
};
absl::StatusOr<ProcStat> DecodeProcStat(std::string_view text);

// /proc/loadavg: the mean number of runnable and uninterruptible tasks over 1, 5 and 15 minutes.
struct LoadAverage {
  double one_minute = 0;
  double five_minutes = 0;
  double fifteen_minutes = 0;
};
absl::StatusOr<LoadAverage> DecodeLoadAverage(std::string_view text);

// /proc/meminfo. `available_bytes` is the kernel's own estimate of what can be used without swapping.
struct MemoryInfo {
  uint64_t total_bytes = 0;
  uint64_t available_bytes = 0;
};
absl::StatusOr<MemoryInfo> DecodeMemoryInfo(std::string_view text);

// /proc/uptime: time since the kernel started.
absl::StatusOr<absl::Duration> DecodeUptime(std::string_view text);

// One file of /proc/pressure, or a cgroup's *.pressure: the share of time in percent [0, 100] in which some
// (all) non-idle tasks waited for the resource, over the last 10 seconds. `full` is absent for a host's CPU
// before Linux 5.13.
struct Pressure {
  double some_avg10_percent = 0;
  std::optional<double> full_avg10_percent;
};
absl::StatusOr<Pressure> DecodePressure(std::string_view text);

// /proc/sys/kernel/random/boot_id: differs after each start of the kernel.
absl::StatusOr<std::string> DecodeBootId(std::string_view text);

// One line of /proc/PID/cgroup. The unified hierarchy (cgroup v2) has no controllers listed.
struct CgroupMembership {
  std::vector<std::string> controllers;
  std::string path;  // begins with '/'; seen from the reader's cgroup namespace, so it can begin with "/.."
};
absl::StatusOr<std::vector<CgroupMembership>> DecodeProcessCgroups(std::string_view text);

}  // namespace evenkeel::agent
