#include "coordinator/core/burst/real_room.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

// Of a pod that asks for none of it, any number.
int64_t FitsTimes(int64_t free, int64_t each, int64_t most) {
  if (each <= 0) return most;
  return std::clamp<int64_t>(free / each, 0, most);
}

}  // namespace

bool RealRoom::Put(const std::string& node, absl::Time since, const FreeNode& free) {
  const auto found = nodes_.find(node);
  if (found != nodes_.end() && found->second.since == since && found->second.free == free) return false;
  Erase(node);
  nodes_[node] = {since, free};
  by_cpu_.emplace(free.free.cpu_millicores, node);
  by_time_.emplace(since, node);
  return true;
}

bool RealRoom::Erase(const std::string& node) {
  const auto found = nodes_.find(node);
  if (found == nodes_.end()) return false;
  by_cpu_.erase({found->second.free.free.cpu_millicores, node});
  by_time_.erase({found->second.since, node});
  nodes_.erase(found);
  return true;
}

int64_t RealRoom::HowManyFit(const PodNeed& each, int64_t most, absl::Time since) const {
  int64_t fit = 0;
  for (auto it = by_cpu_.rbegin(); it != by_cpu_.rend() && fit < most; ++it) {
    const int64_t cpu = each.requests.cpu_millicores;
    if (cpu > 0 && it->first < cpu) break;  // those that follow have less
    const Known& node = nodes_.at(it->second);
    if (node.since > since || (node.free.reserved && !each.tolerates)) continue;
    const Resources& free = node.free.free;
    const int64_t left = most - fit;
    fit += std::min({FitsTimes(free.cpu_millicores, each.requests.cpu_millicores, left),
                     FitsTimes(free.memory_bytes, each.requests.memory_bytes, left),
                     FitsTimes(free.pods, each.requests.pods, left)});
  }
  return fit;
}

absl::Time RealRoom::FirstReadyAfter(absl::Time time) const {
  const auto found = std::find_if(by_time_.lower_bound({time, ""}), by_time_.end(),
                                  [time](const auto& node) { return node.first > time; });
  return found == by_time_.end() ? absl::InfiniteFuture() : found->first;
}

void RealRoom::PartsChanged() {
  by_cpu_.clear();
  by_time_.clear();
  for (const auto& [name, node] : nodes_) {
    by_cpu_.emplace(node.free.free.cpu_millicores, name);
    by_time_.emplace(node.since, name);
  }
}

}  // namespace evenkeel::coordinator
