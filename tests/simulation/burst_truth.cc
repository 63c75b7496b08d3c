#include "tests/simulation/burst_truth.h"

#include <algorithm>

#include "coordinator/core/burst/caps.h"

namespace evenkeel::simulation {

using namespace coordinator;  // laws are about the core's words

const Policy* BurstPolicyOf(const World& world) {
  for (const auto& [name, policy] : world.disk().policies) {
    if (policy.IfBurst() != nullptr) return &policy;
  }
  return nullptr;
}

bool Rules(const Policy* policy) {
  return policy != nullptr && policy->burst().mode == PolicyMode::kEnforce && !policy->burst().paused;
}

bool IsThere(const PodFacts& pod) {
  return !pod.deleting && pod.phase != "Failed" && pod.phase != "Succeeded";
}

Resources UseOfVirtualNodes(const World& world) {
  Resources use{.pods = 0};
  for (const auto& [name, pod] : world.kubernetes().pods()) {
    if (pod.node.empty() || !world.kubernetes().IsVirtual(pod.node)) continue;
    if (IsThere(pod) && pod.controller.kind != "DaemonSet") use += pod.requests;
  }
  return use;
}

int64_t RealRoom(const World& world, const WorkloadSpec& spec) {
  int64_t room = 0;
  for (const auto& [name, node] : world.kubernetes().nodes()) {
    const bool well = node.ready && !node.unschedulable && !node.failover_taint && !node.gray_taint;
    if (!well || world.kubernetes().IsVirtual(name)) continue;
    Resources free = node.allocatable;
    for (const auto& [pod_name, pod] : world.kubernetes().pods()) {
      if (pod.node == name && pod.phase != "Failed") free -= pod.requests;
    }
    const int64_t each = std::max<int64_t>(spec.requests.cpu_millicores, 1);
    room += std::max<int64_t>(0, std::min(free.cpu_millicores / each, free.pods));
  }
  return room;
}

bool IsUsedUp(const World& world) {
  const Policy* policy = BurstPolicyOf(world);
  const auto record = world.disk().clusters.find(kCluster);
  if (policy == nullptr || record == world.disk().clusters.end()) return false;
  BurstLedger ledger = record->second.burst.ledger;
  CountUp(ledger, world.now());
  return AskCaps(policy->burst().caps, policy->burst().prices, ledger, Resources{}, world.now()).used_up;
}

bool IsFull(const World& world, const WorkloadSpec& spec) {
  const Policy* policy = BurstPolicyOf(world);
  if (!spec.tolerates_virtual || !Rules(policy) || RealRoom(world, spec) > 0) return false;
  const auto record = world.disk().clusters.find(kCluster);
  if (record == world.disk().clusters.end()) return false;
  BurstLedger ledger = record->second.burst.ledger;
  CountUp(ledger, world.now());
  ledger.use = UseOfVirtualNodes(world);
  const BurstPolicy& burst = policy->burst();
  return !AskCaps(burst.caps, burst.prices, ledger, spec.requests, world.now()).allowed;
}

}  // namespace evenkeel::simulation
