#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// The files of a control group that tell a container's CPU and memory (Documentation/admin-guide/cgroup-v1
// and cgroup-v2.rst of Linux). Pure functions from bytes to structs; InvalidArgument when a file does not
// have its form.
namespace evenkeel::agent {

enum class CgroupVersion { kV1, kV2 };

// Counters since the control group was made; they only grow while it lives.
struct CpuThrottling {
  uint64_t periods = 0;            // enforcement periods in which it wanted to run
  uint64_t throttled_periods = 0;  // those in which its limit stopped it
};

// cpuacct.usage of v1 (nanoseconds).
absl::StatusOr<absl::Duration> DecodeCpuacctUsage(std::string_view text);

// usage_usec of v2's cpu.stat.
absl::StatusOr<absl::Duration> DecodeCpuStatUsage(std::string_view text);

// nr_periods and nr_throttled of cpu.stat, v1 and v2 alike. NotFound when the file does not have them: in v2
// they are there only where the cpu controller is enabled.
absl::StatusOr<CpuThrottling> DecodeCpuThrottling(std::string_view text);

// memory.usage_in_bytes of v1, memory.current of v2: one number.
absl::StatusOr<uint64_t> DecodeMemoryUsage(std::string_view text);

// What the kubelet calls working set: usage without the file cache that was not used lately
// (v1 total_inactive_file, v2 inactive_file of memory.stat); never below zero.
absl::StatusOr<uint64_t> DecodeWorkingSet(uint64_t usage_bytes, std::string_view memory_stat,
                                          CgroupVersion version);

}  // namespace evenkeel::agent
