#include "coordinator/core/burst/headroom.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace evenkeel::coordinator {
namespace {

int64_t RoundedUp(int64_t all, int64_t each) {
  return each <= 0 ? 0 : (all + each - 1) / each;
}

}  // namespace

Placeholders PlaceholdersFor(const HeadroomPolicy& policy, const std::vector<Resources>& pods) {
  if (!policy.placeholders || pods.empty()) return {};
  Resources all;
  std::map<std::pair<int64_t, int64_t>, size_t> shapes;  // by CPU and memory
  for (const Resources& pod : pods) {
    all += pod;
    ++shapes[{pod.cpu_millicores, pod.memory_bytes}];
  }
  const auto frequent =
      std::max_element(shapes.begin(), shapes.end(), [](const auto& one, const auto& other) {
        return std::tie(one.second, one.first) < std::tie(other.second, other.first);
      });
  const auto [cpu, memory] = frequent->first;
  // Pods that ask for nothing need a place each.
  int64_t number = std::max(RoundedUp(all.cpu_millicores, cpu), RoundedUp(all.memory_bytes, memory));
  if (cpu <= 0 && memory <= 0) number = all.pods;
  return {.number = std::min(number, policy.most),
          .each = {.cpu_millicores = cpu, .memory_bytes = memory, .pods = 1}};
}

}  // namespace evenkeel::coordinator
