#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "agent/collect/board.h"
#include "agent/collect/container_cgroup.h"
#include "agent/core/cpu_rate.h"
#include "common/time/clock.h"

namespace evenkeel::agent {

// A running container and the directory of its control group below each hierarchy's root; empty when it was
// not found.
struct ContainerLocation {
  std::string container_id;
  std::string cgroup_directory;
};

// A container's counters from elsewhere: the runtime's stats or the kubelet's resource metrics. Coarser than
// its control group, and used where that cannot be read.
struct ContainerCounters {
  std::string container_id;
  std::optional<absl::Duration> cpu_total;
  std::optional<absl::Time> cpu_time;  // when `cpu_total` was read
  std::optional<uint64_t> memory_working_set_bytes;
};

// Turns the counters of running containers into what each uses. Control groups are read by Collect, on one
// thread; the other calls come from any.
class UsageCollector {
 public:
  enum class Source { kRuntime, kKubelet };

  // `board` and `clock` outlive it.
  UsageCollector(const HostRoot& host, Board& board, const time::Clock& clock);

  const CgroupHierarchies& hierarchies() const { return hierarchies_; }

  // All containers that run now.
  void SetContainers(std::vector<ContainerLocation> containers);

  // Some running container has no control group that can be read.
  bool NeedsCounters() const;
  // Used for those containers only; each source's counters are compared with its own.
  void AddCounters(Source source, const std::vector<ContainerCounters>& counters);

  // One round over the control groups.
  absl::Status Collect();

 private:
  const CgroupHierarchies hierarchies_;
  Board& board_;
  const time::Clock& clock_;

  mutable absl::Mutex mutex_;
  bool changed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<ContainerLocation> locations_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_set<std::string> without_cgroup_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, Source>, CpuRate> counter_rates_ ABSL_GUARDED_BY(mutex_);

  // Of the collecting thread.
  std::map<std::string, ContainerCgroup> cgroups_;
  std::string buffer_;
};

}  // namespace evenkeel::agent
