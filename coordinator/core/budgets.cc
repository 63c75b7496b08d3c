#include "coordinator/core/budgets.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLeastRate = 5;

absl::Duration Step(const Rate& rate) {
  return rate.window / static_cast<int64_t>(rate.most);
}

// How far ahead the bucket is booked out.
absl::Duration Booked(const Rate& rate, absl::Time booked_until, absl::Time now) {
  return std::clamp(booked_until - now, absl::ZeroDuration(), rate.window);
}

}  // namespace

size_t NodeBudget(const FailoverPolicy& policy, size_t nodes) {
  return std::max<size_t>(policy.max_unavailable_nodes, nodes * policy.max_unavailable_percent / 100);
}

size_t DomainBudget(const FailoverPolicy& policy, size_t nodes) {
  const DisruptionLimits& limits = policy.limits;
  return std::max<size_t>(limits.max_unavailable_nodes_per_domain.value_or(policy.max_unavailable_nodes),
                          nodes * limits.max_unavailable_percent_per_domain / 100);
}

size_t LeastHealthy(const FailoverPolicy& policy, size_t nodes) {
  return std::max<size_t>(policy.limits.min_healthy_nodes, nodes * policy.limits.min_healthy_percent / 100);
}

Rate ClusterRate(const FailoverPolicy& policy, size_t nodes) {
  const size_t otherwise = std::max(kLeastRate, NodeBudget(policy, nodes));
  return {policy.limits.max_disruptions.value_or(otherwise), policy.limits.disruption_window};
}

Rate DomainRate(const FailoverPolicy& policy, size_t nodes) {
  const Rate cluster = ClusterRate(policy, nodes);
  return {policy.limits.max_disruptions_per_domain.value_or(cluster.most), cluster.window};
}

size_t Left(const Rate& rate, absl::Time booked_until, absl::Time now) {
  if (rate.most == 0) return 0;
  const absl::Duration free = rate.window - Booked(rate, booked_until, now);
  absl::Duration rest;
  return std::min(rate.most, static_cast<size_t>(absl::IDivDuration(free, Step(rate), &rest)));
}

absl::Time Book(const Rate& rate, absl::Time booked_until, absl::Time now) {
  if (rate.most == 0) return now + rate.window;
  return now + std::min(Booked(rate, booked_until, now) + Step(rate), rate.window);
}

absl::Duration UntilNext(const Rate& rate, absl::Time booked_until, absl::Time now) {
  if (rate.most == 0) return absl::InfiniteDuration();
  return std::max(Booked(rate, booked_until, now) + Step(rate) - rate.window, absl::ZeroDuration());
}

}  // namespace evenkeel::coordinator
