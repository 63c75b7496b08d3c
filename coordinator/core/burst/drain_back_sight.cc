#include "coordinator/core/burst/drain_back_sight.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

// Advice that is older than this says nothing of the load.
constexpr absl::Duration kAdviceHolds = absl::Seconds(5);

}  // namespace

DrainBackPods DrainBackPodsOf(const Cluster& cluster, const Scaler& scaler) {
  DrainBackPods pods;
  for (const auto& [uid, pod] : scaler.pods) {
    const WorkloadPodFacts& facts = pod.facts;
    const bool ended = facts.phase == PodPhase::kSucceeded || facts.phase == PodPhase::kFailed;
    if (facts.deleting || ended) continue;
    const bool on_virtual = cluster.burst.virtual_nodes.contains(facts.node);
    VictimCandidate& candidate = pods.candidates.emplace_back();
    candidate = {.uid = uid,
                 .name = facts.name,
                 .on_virtual_node = on_virtual,
                 .bound = !facts.node.empty(),
                 .ready = facts.ready,
                 .created = facts.started.value_or(absl::InfinitePast())};
    const PodFacts* known = cluster.pods.Find({scaler.policy.target.name_space, facts.name});
    if (known != nullptr) candidate.requests = known->requests;
    if (on_virtual) {
      Resources& most = pods.need.requests;
      most.cpu_millicores = std::max(most.cpu_millicores, candidate.requests.cpu_millicores);
      most.memory_bytes = std::max(most.memory_bytes, candidate.requests.memory_bytes);
      most.pods = 1;
    }
    if (!facts.ready) continue;
    ++pods.ready;
    ++(on_virtual ? pods.ready_on_virtual : pods.ready_on_real);
  }
  return pods;
}

bool IsAdviceFresh(const Scaler& scaler, absl::Time now) {
  if (!scaler.workload || !scaler.looked) return false;
  return scaler.rests || now - *scaler.looked <= kAdviceHolds;
}

bool AsksForMore(const Scaler& scaler, int64_t wanted) {
  const ScaleRules& rules = scaler.policy.rules;
  const int64_t asks = std::min(scaler.advice.wanted, rules.maximum);
  return static_cast<double>(asks) > static_cast<double>(wanted) * (1 + rules.tolerance.up);
}

}  // namespace evenkeel::coordinator
