#include "agent/decode/cgroup.h"

#include <limits>

#include "agent/decode/text.h"

namespace evenkeel::agent {
namespace {

// A counter of nanoseconds or microseconds as a duration; nothing where the kernel's 64 bits exceed int64.
std::optional<absl::Duration> CounterAsDuration(std::optional<uint64_t> value, absl::Duration unit) {
  if (!value || *value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*value) * unit;
}

}  // namespace

absl::StatusOr<absl::Duration> DecodeCpuacctUsage(std::string_view text) {
  const auto usage = CounterAsDuration(ParseUnsigned(Trim(text)), absl::Nanoseconds(1));
  if (!usage) {
    return absl::InvalidArgumentError("cpuacct.usage is not a number of nanoseconds");
  }
  return *usage;
}

absl::StatusOr<absl::Duration> DecodeCpuStatUsage(std::string_view text) {
  const auto usage = CounterAsDuration(ParseKeyedValue(text, "usage_usec"), absl::Microseconds(1));
  if (!usage) {
    return absl::InvalidArgumentError("cpu.stat has no usage_usec");
  }
  return *usage;
}

absl::StatusOr<CpuThrottling> DecodeCpuThrottling(std::string_view text) {
  const auto periods = ParseKeyedValue(text, "nr_periods");
  const auto throttled = ParseKeyedValue(text, "nr_throttled");
  if (!periods || !throttled) {
    return absl::NotFoundError("cpu.stat has no throttling counters: the cpu controller is not enabled here");
  }
  return CpuThrottling{.periods = *periods, .throttled_periods = *throttled};
}

absl::StatusOr<uint64_t> DecodeMemoryUsage(std::string_view text) {
  const auto usage = ParseUnsigned(Trim(text));
  if (!usage) {
    return absl::InvalidArgumentError("the memory usage of a control group is not a number of bytes");
  }
  return *usage;
}

absl::StatusOr<uint64_t> DecodeWorkingSet(uint64_t usage_bytes, std::string_view memory_stat,
                                          CgroupVersion version) {
  const auto inactive =
      ParseKeyedValue(memory_stat, version == CgroupVersion::kV2 ? "inactive_file" : "total_inactive_file");
  if (!inactive) {
    return absl::InvalidArgumentError("memory.stat does not tell its inactive file cache");
  }
  return usage_bytes > *inactive ? usage_bytes - *inactive : 0;
}

}  // namespace evenkeel::agent
