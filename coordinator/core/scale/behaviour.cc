#include "coordinator/core/scale/behaviour.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace evenkeel::coordinator {
namespace {

absl::Duration LongestPeriod(const ScalingRules& rules) {
  absl::Duration longest = absl::ZeroDuration();
  for (const RatePolicy& policy : rules.policies) longest = std::max(longest, policy.period);
  return longest;
}

// The replicas when the period began, as far as they were changed by us.
int64_t AtPeriodStart(const Changes& changes, absl::Duration period, int64_t current, absl::Time now) {
  for (auto change = changes.rbegin(); change != changes.rend() && change->time > now - period; ++change) {
    current -= change->added;
  }
  return current;
}

}  // namespace

void NoteWanted(Recommendations& recommendations, int64_t replicas, absl::Time now) {
  // One that is not as low (as high) as a later one can never again be the lowest (the highest).
  auto& lowest = recommendations.lowest;
  while (!lowest.empty() && lowest.back().replicas >= replicas) lowest.pop_back();
  lowest.push_back({replicas, now});
  NoteHeld(recommendations, replicas, now);
}

void NoteHeld(Recommendations& recommendations, int64_t replicas, absl::Time now) {
  auto& highest = recommendations.highest;
  while (!highest.empty() && highest.back().replicas <= replicas) highest.pop_back();
  highest.push_back({replicas, now});
}

void Forget(Recommendations& recommendations, const Behaviour& behaviour, absl::Time now) {
  auto& lowest = recommendations.lowest;
  while (!lowest.empty() && lowest.front().time <= now - behaviour.up.stabilisation) lowest.pop_front();
  auto& highest = recommendations.highest;
  while (!highest.empty() && highest.front().time <= now - behaviour.down.stabilisation) highest.pop_front();
}

void NoteChange(Changes& changes, int64_t from, int64_t to, const Behaviour& behaviour, absl::Time now) {
  const absl::Duration longest = std::max(LongestPeriod(behaviour.up), LongestPeriod(behaviour.down));
  while (!changes.empty() && changes.front().time <= now - longest) changes.pop_front();
  if (to != from) changes.push_back({to - from, now});
}

int64_t Stabilised(const Recommendations& recommendations, const Behaviour& behaviour, int64_t current,
                   int64_t wanted, absl::Time now) {
  // The queues are ordered, so the first entry within the window is the best of it.
  int64_t low = wanted;
  for (const Recommendations::Wanted& entry : recommendations.lowest) {
    if (entry.time <= now - behaviour.up.stabilisation) continue;
    low = std::min(low, entry.replicas);
    break;
  }
  int64_t high = wanted;
  for (const Recommendations::Wanted& entry : recommendations.highest) {
    if (entry.time <= now - behaviour.down.stabilisation) continue;
    high = std::max(high, entry.replicas);
    break;
  }
  return std::min(std::max(current, low), high);
}

int64_t UpLimit(const ScalingRules& up, const Changes& changes, int64_t current, absl::Time now) {
  if (up.select == SelectPolicy::kDisabled) return current;
  const bool least = up.select == SelectPolicy::kMin;
  int64_t limit = least ? std::numeric_limits<int64_t>::max() : std::numeric_limits<int64_t>::min();
  for (const RatePolicy& policy : up.policies) {
    const int64_t start = AtPeriodStart(changes, policy.period, current, now);
    // Rounded up, or a small percentage of few replicas would never let them grow.
    const int64_t allowed =
        policy.kind == RatePolicy::Kind::kPods
            ? start + policy.value
            : static_cast<int64_t>(
                  std::ceil(static_cast<double>(start) * (1 + static_cast<double>(policy.value) / 100)));
    limit = least ? std::min(limit, allowed) : std::max(limit, allowed);
  }
  return std::max(limit, current);
}

int64_t DownLimit(const ScalingRules& down, const Changes& changes, int64_t current, absl::Time now) {
  if (down.select == SelectPolicy::kDisabled) return current;
  const bool least = down.select == SelectPolicy::kMin;
  int64_t limit = least ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  for (const RatePolicy& policy : down.policies) {
    const int64_t start = AtPeriodStart(changes, policy.period, current, now);
    const int64_t allowed = policy.kind == RatePolicy::Kind::kPods
                                ? start - policy.value
                                : static_cast<int64_t>(static_cast<double>(start) *
                                                       (1 - static_cast<double>(policy.value) / 100));
    limit = least ? std::max(limit, allowed) : std::min(limit, allowed);
  }
  return std::min(limit, current);
}

}  // namespace evenkeel::coordinator
