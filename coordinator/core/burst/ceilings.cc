#include "coordinator/core/burst/ceilings.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "coordinator/core/burst/burst_view.h"
#include "coordinator/core/burst/bursts.h"
#include "coordinator/core/burst/caps.h"
#include "coordinator/core/burst/ceiling.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/burst/victims.h"

namespace evenkeel::coordinator {
namespace {

// A pod that finds no room for so long does not only wait for a node that is about to be seen.
constexpr absl::Duration kPressesInEarnest = absl::Seconds(1);
// The scheduler comes back to a pod no later than this after a node has come that has room for it: until then
// its word is older than the room.
constexpr absl::Duration kAskedAgainWithin = absl::Seconds(10);

// What a drain-back has added is not what is wanted.
int64_t CurrentOf(const Scaler& scaler) {
  if (!scaler.workload) return 0;
  const int64_t replicas = scaler.workload->replicas;
  return scaler.surge && replicas == scaler.surge->to ? scaler.surge->from : replicas;
}

// Of a workload whose controller chooses by ordinal who goes: the pods of each kind, by that.
struct Ordinals {
  int64_t highest_real = -1;
  std::set<int64_t> on_virtual;
  std::set<int64_t> pressing;
};

int64_t Above(const std::set<int64_t>& ordinals, int64_t bound) {
  return std::distance(ordinals.upper_bound(bound), ordinals.end());
}

// Some of its `current` pods may run and not be told yet, so that nobody knows the highest ordinal.
bool MayRunUntold(const Scaler& scaler, int64_t told, int64_t current, absl::Time now) {
  return scaler.pods_told_by && now < *scaler.pods_told_by && told < current;
}

// Of all pods on virtual nodes and of all that press, those that go before any that is to stay.
void SetGoFirst(const Ordinals& ordinals, CeilingSight& sight) {
  sight.virtual_go_first = Above(ordinals.on_virtual, ordinals.highest_real);
  const bool virtual_stay = !sight.used_up && !ordinals.on_virtual.empty();
  const int64_t stays =
      virtual_stay ? std::max(ordinals.highest_real, *ordinals.on_virtual.rbegin()) : ordinals.highest_real;
  sight.pressing_go_first = Above(ordinals.pressing, stays);
}

}  // namespace

std::optional<int64_t> CeilingOf(Cluster& cluster, const Scaler& scaler, bool valve_open, absl::Time now) {
  const Burst& burst = cluster.burst;
  if (!RulesVirtualNodes(burst) || burst.policy->caps == BurstCaps{} || burst.virtual_nodes.empty()) {
    return std::nullopt;
  }
  CeilingSight sight{.current = CurrentOf(scaler)};
  PodNeed each{.requests = {.pods = 1}};
  bool may_burst = false;
  Resources own_pressing;
  const bool by_ordinal = KeepsNames(scaler.policy.target);
  Ordinals ordinals;
  int64_t told = 0;
  for (const auto& [uid, pod] : scaler.pods) {
    const PodName name{scaler.policy.target.name_space, pod.facts.name};
    const PodFacts* facts = cluster.pods.Find(name);
    const bool ended = pod.facts.phase == PodPhase::kSucceeded || pod.facts.phase == PodPhase::kFailed;
    if (pod.facts.deleting || ended) continue;
    ++told;
    const int64_t ordinal = by_ordinal ? OrdinalOf(pod.facts.name).value_or(-1) : -1;
    // As one watch tells before the other.
    const bool bound = !pod.facts.node.empty();
    if (bound && !burst.virtual_nodes.contains(pod.facts.node)) {
      ordinals.highest_real = std::max(ordinals.highest_real, ordinal);
    }
    if (facts == nullptr) continue;
    may_burst = may_burst || facts->tolerates;
    each.requests.cpu_millicores = std::max(each.requests.cpu_millicores, facts->requests.cpu_millicores);
    each.requests.memory_bytes = std::max(each.requests.memory_bytes, facts->requests.memory_bytes);
    if (burst.virtual_nodes.contains(facts->node)) {
      ++sight.on_virtual;
      ordinals.on_virtual.insert(ordinal);
    } else if (!facts->node.empty()) {
      ++sight.on_real;
      ordinals.highest_real = std::max(ordinals.highest_real, ordinal);
    } else if (const auto pressing = burst.pressing.find(name);
               pressing != burst.pressing.end() && !scaler.surge &&  // whose pods come up on real nodes
               now >= pressing->second.helpless_until) {
      const absl::Duration presses = now - PressesSince(cluster, name, pressing->second);
      if (!bound && presses >= kPressesInEarnest) {
        ++sight.pressing;
        ordinals.pressing.insert(ordinal);
      }
      own_pressing += facts->requests;
    }
  }
  if (!may_burst) return std::nullopt;
  const int64_t most = scaler.policy.rules.maximum;
  sight.room = valve_open ? 0 : burst.real_room.HowManyFit(each, most);
  if (sight.room > 0 && now - burst.room_came < kAskedAgainWithin) {
    sight.pressing = 0;
    ordinals.pressing.clear();
  }
  // What others press for has the same right to what is left.
  BurstLedger ledger = LedgerOf(cluster, now);
  const BurstPolicy& policy = *burst.policy;
  sight.used_up = AskCaps(policy.caps, policy.prices, ledger, Resources{}, now).used_up;
  if (by_ordinal) {
    if (!MayRunUntold(scaler, told, sight.current, now)) SetGoFirst(ordinals, sight);
  } else {  // what is not bound goes first, and by its deletion cost what is on virtual nodes
    sight.virtual_go_first = sight.on_virtual;
    sight.pressing_go_first = sight.pressing;
  }
  ledger.use += SumPressing(cluster, now);
  ledger.use -= own_pressing;
  sight.allowed = PodsAllowed(policy.caps, policy.prices, ledger, each.requests, most, now);
  return CeilingFor(sight);
}

}  // namespace evenkeel::coordinator
