#include "coordinator/core/burst/ceilings.h"

#include <algorithm>

#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/caps.h"
#include "coordinator/core/burst/ceiling.h"
#include "coordinator/core/burst/look_burst.h"

namespace evenkeel::coordinator {
namespace {

// A pod that finds no room for so long does not only wait for a node that is about to be seen.
constexpr absl::Duration kPressesInEarnest = absl::Seconds(1);

}  // namespace

std::optional<int64_t> CeilingOf(const Cluster& cluster, const Scaler& scaler, absl::Time now) {
  const Burst& burst = cluster.burst;
  if (!RulesVirtualNodes(burst) || burst.policy->caps == BurstCaps{} || burst.virtual_nodes.empty()) {
    return std::nullopt;
  }
  CeilingSight sight;
  PodNeed each{.requests = {.pods = 1}};
  bool may_burst = false;
  Resources own_pressing;
  for (const auto& [uid, pod] : scaler.pods) {
    const PodName name{scaler.policy.target.name_space, pod.facts.name};
    const PodFacts* facts = cluster.pods.Find(name);
    const bool ended = pod.facts.phase == PodPhase::kSucceeded || pod.facts.phase == PodPhase::kFailed;
    if (facts == nullptr || pod.facts.deleting || ended) continue;
    may_burst = may_burst || facts->tolerates;
    each.requests.cpu_millicores = std::max(each.requests.cpu_millicores, facts->requests.cpu_millicores);
    each.requests.memory_bytes = std::max(each.requests.memory_bytes, facts->requests.memory_bytes);
    if (burst.virtual_nodes.contains(facts->node)) {
      ++sight.on_virtual;
    } else if (!facts->node.empty()) {
      ++sight.on_real;
    } else if (const auto pressing = burst.pressing.find(name);
               pressing != burst.pressing.end() && now >= pressing->second.helpless_until) {
      sight.presses =
          sight.presses || now - PressesSince(cluster, name, pressing->second) >= kPressesInEarnest;
      own_pressing += facts->requests;
    }
  }
  if (!may_burst) return std::nullopt;
  const int64_t most = scaler.policy.rules.maximum;
  sight.room = burst.real_room.HowManyFit(each, most);
  // What others press for has the same right to what is left.
  BurstLedger ledger = cluster.record.burst.ledger;
  CountUp(ledger, now);
  const BurstPolicy& policy = *burst.policy;
  sight.used_up = AskCaps(policy.caps, policy.prices, ledger, Resources{}, now).used_up;
  ledger.use += PressingRequests(cluster, now);
  ledger.use -= own_pressing;
  sight.allowed = PodsAllowed(policy.caps, policy.prices, ledger, each.requests, most, now);
  const int64_t ceiling = CeilingFor(sight);
  // By our own count alone nothing is taken that is there.
  const bool may_take = sight.presses || sight.used_up;
  return may_take || !scaler.workload ? ceiling : std::max(ceiling, scaler.workload->replicas);
}

}  // namespace evenkeel::coordinator
