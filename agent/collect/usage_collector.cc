#include "agent/collect/usage_collector.h"

#include <utility>

namespace evenkeel::agent {

UsageCollector::UsageCollector(const HostRoot& host, Board& board, const time::Clock& clock)
    : hierarchies_(host), board_(board), clock_(clock) {}

void UsageCollector::SetContainers(std::vector<ContainerLocation> containers) {
  absl::MutexLock lock(&mutex_);
  locations_ = std::move(containers);
  changed_ = true;
  without_cgroup_.clear();
  for (const ContainerLocation& location : locations_) {
    if (location.cgroup_directory.empty()) {
      without_cgroup_.insert(location.container_id);
    }
  }
  std::erase_if(counter_rates_, [this](const auto& rate) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return !without_cgroup_.contains(rate.first.first);
  });
}

bool UsageCollector::NeedsCounters() const {
  absl::MutexLock lock(&mutex_);
  return !without_cgroup_.empty();
}

void UsageCollector::AddCounters(Source source, const std::vector<ContainerCounters>& counters) {
  std::vector<ContainerUsage> usage;
  {
    absl::MutexLock lock(&mutex_);
    for (const ContainerCounters& counter : counters) {
      if (!without_cgroup_.contains(counter.container_id)) {
        continue;
      }
      ContainerUsage& used = usage.emplace_back();
      used.container_id = counter.container_id;
      used.memory_working_set_bytes = counter.memory_working_set_bytes;
      if (counter.cpu_total && counter.cpu_time) {
        used.cpu_millicores =
            counter_rates_[{counter.container_id, source}].Update(*counter.cpu_total, *counter.cpu_time);
      }
    }
  }
  board_.Update([&](NodeState& state) { state.SetUsage(usage); });
}

absl::Status UsageCollector::Collect() {
  std::vector<ContainerLocation> locations;
  bool changed = false;
  {
    absl::MutexLock lock(&mutex_);
    changed = std::exchange(changed_, false);
    if (changed) {
      locations = locations_;
    }
  }
  if (changed) {
    std::map<std::string, ContainerCgroup> before = std::exchange(cgroups_, {});
    for (const ContainerLocation& location : locations) {
      if (location.cgroup_directory.empty()) {
        continue;
      }
      if (auto known = before.extract(location.container_id)) {
        cgroups_.insert(std::move(known));
      } else {
        cgroups_.try_emplace(location.container_id, hierarchies_, location.cgroup_directory);
      }
    }
  }
  std::vector<ContainerUsage> usage;
  usage.reserve(cgroups_.size());
  absl::Status failure;
  for (auto& [container_id, cgroup] : cgroups_) {
    auto used = cgroup.Read(clock_.Now(), buffer_);
    if (used.ok()) {
      used->container_id = container_id;
      usage.push_back(*std::move(used));
    } else if (!absl::IsNotFound(used.status())) {  // it ended; the next listing will say so
      failure.Update(used.status());
    }
  }
  board_.Update([&](NodeState& state) { state.SetUsage(usage); });
  return failure;
}

}  // namespace evenkeel::agent
