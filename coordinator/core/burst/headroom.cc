#include "coordinator/core/burst/headroom.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/match.h"

namespace evenkeel::coordinator {
namespace {

int64_t RoundedUp(int64_t all, int64_t each) {
  return each <= 0 ? 0 : (all + each - 1) / each;
}

// Of one shape.
Placeholders MakeUpFor(const HeadroomPolicy& policy, const std::vector<Resources>& pods,
                       const Resources& each) {
  Resources all;
  for (const Resources& pod : pods) all += pod;
  // Pods that ask for nothing need a place each.
  const bool shapeless = each.cpu_millicores <= 0 && each.memory_bytes <= 0;
  const int64_t number = shapeless ? all.pods
                                   : std::max(RoundedUp(all.cpu_millicores, each.cpu_millicores),
                                              RoundedUp(all.memory_bytes, each.memory_bytes));
  return {.number = std::min(number, policy.most), .each = each};
}

}  // namespace

Placeholders PlaceholdersFor(const HeadroomPolicy& policy, const std::vector<Resources>& pods) {
  if (!policy.placeholders || pods.empty()) return {};
  std::map<std::pair<int64_t, int64_t>, size_t> shapes;  // by CPU and memory
  for (const Resources& pod : pods) ++shapes[{pod.cpu_millicores, pod.memory_bytes}];
  const auto frequent =
      std::max_element(shapes.begin(), shapes.end(), [](const auto& one, const auto& other) {
        return std::tie(one.second, one.first) < std::tie(other.second, other.first);
      });
  const auto [cpu, memory] = frequent->first;
  return MakeUpFor(policy, pods, {.cpu_millicores = cpu, .memory_bytes = memory, .pods = 1});
}

Placeholders AdaptPlaceholders(const HeadroomPolicy& policy, const std::vector<Resources>& pods,
                               const Placeholders& present) {
  const Placeholders best = PlaceholdersFor(policy, pods);
  if (best.number == 0 || present.number == 0) return best;
  const Placeholders kept = MakeUpFor(policy, pods, present.each);
  return kept.number <= present.number ? kept : best;
}

bool IsPlaceholder(const PodFacts& facts) {
  return facts.priority < 0 && facts.controller.kind == "ReplicaSet" &&
         absl::StartsWith(facts.controller.name, kHeadroomName);
}

bool IsWorthAsking(const Resources& asked, const Resources& missing) {
  if (missing.pods <= 0) return false;
  if (asked.pods <= 0) return true;
  const auto grown = [](int64_t before, int64_t now) { return now > before && now * 2 >= before * 3; };
  return grown(asked.cpu_millicores, missing.cpu_millicores) ||
         grown(asked.memory_bytes, missing.memory_bytes);
}

}  // namespace evenkeel::coordinator
