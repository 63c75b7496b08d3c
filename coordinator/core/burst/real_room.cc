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

int64_t HowManyFit(const std::vector<FreeNode>& nodes, const PodNeed& each, int64_t most) {
  int64_t fit = 0;
  for (const FreeNode& node : nodes) {
    if (fit >= most) break;
    if (node.reserved && !each.tolerates) continue;
    const int64_t left = most - fit;
    fit += std::min({FitsTimes(node.free.cpu_millicores, each.requests.cpu_millicores, left),
                     FitsTimes(node.free.memory_bytes, each.requests.memory_bytes, left),
                     FitsTimes(node.free.pods, each.requests.pods, left)});
  }
  return fit;
}

}  // namespace evenkeel::coordinator
