#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/collect/host_files.h"
#include "agent/core/cpu_rate.h"
#include "agent/core/node_state.h"
#include "agent/decode/cgroup.h"

namespace evenkeel::agent {

// The control group hierarchies of a host: version 2 where /sys/fs/cgroup itself is one; otherwise version 1,
// also where a version 2 hierarchy without controllers stands beside it ("hybrid").
class CgroupHierarchies {
 public:
  // Looks at the host once.
  explicit CgroupHierarchies(const HostRoot& host);

  CgroupVersion version() const { return version_; }

  // The path of `file` of the group `directory` (begins with '/') in the hierarchy of `controller`.
  std::string Path(std::string_view controller, std::string_view directory, std::string_view file) const;

  // The group exists where its CPU is counted.
  bool Exists(std::string_view directory) const;

 private:
  std::string root_;
  CgroupVersion version_;
};

// Reads one container's control group: its CPU each time, its memory less often, since the kernel gathers
// that from all processors. One thread.
class ContainerCgroup {
 public:
  static constexpr absl::Duration kMemoryInterval = absl::Seconds(5);

  ContainerCgroup(const CgroupHierarchies& hierarchies, std::string_view directory);

  // `now` by a clock that does not go back. NotFound when the group is gone. What the host does not count is
  // absent.
  absl::StatusOr<ContainerUsage> Read(absl::Time now, std::string& buffer);

 private:
  absl::Status ReadCpu(absl::Time now, std::string& buffer, ContainerUsage& usage);
  void ReadMemory(std::string& buffer);

  CgroupVersion version_;
  KernelFile cpu_usage_;  // v1 only
  KernelFile cpu_stat_;
  std::string memory_usage_path_;
  std::string memory_stat_path_;
  CpuRate cpu_rate_;
  ThrottleRate throttle_rate_;
  absl::Time memory_due_ = absl::InfinitePast();
  std::optional<uint64_t> working_set_bytes_;
};

}  // namespace evenkeel::agent
