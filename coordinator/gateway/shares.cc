#include "coordinator/gateway/shares.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace evenkeel::coordinator {

std::map<std::string, uint32_t> PercentsOf(const std::map<std::string, uint64_t>& weights) {
  std::map<std::string, uint32_t> percents;
  uint64_t sum = 0;
  for (const auto& [backend, weight] : weights) sum += weight;
  std::vector<std::pair<uint64_t, std::string>> remainders;
  uint64_t given = 0;
  for (const auto& [backend, weight] : weights) {
    const uint64_t percent = sum == 0 ? 0 : weight * 100 / sum;
    percents[backend] = static_cast<uint32_t>(percent);
    given += percent;
    if (sum > 0) remainders.emplace_back(weight * 100 % sum, backend);
  }
  std::stable_sort(remainders.begin(), remainders.end(),
                   [](const auto& left, const auto& right) { return left.first > right.first; });
  for (size_t i = 0; sum > 0 && given < 100 && i < remainders.size(); ++i, ++given) {
    ++percents[remainders[i].second];
  }
  return percents;
}

}  // namespace evenkeel::coordinator
