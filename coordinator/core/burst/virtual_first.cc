#include "coordinator/core/burst/virtual_first.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {

void TakeVirtualFirst(const Cluster& cluster, const Scaler& scaler, Decision& plan) {
  const Burst& burst = cluster.burst;
  const ReplicaChange& replicas = *plan.actions.back().replicas;
  if (replicas.to >= replicas.from || !burst.policy || burst.virtual_nodes.empty()) return;
  if (HeedsDeletionCost(cluster.server_minor) || KeepsNames(scaler.policy.target)) return;
  std::vector<VictimCandidate> pods;
  for (const auto& [uid, pod] : scaler.pods) {
    const WorkloadPodFacts& facts = pod.facts;
    const PodFacts* known = cluster.pods.Find({scaler.policy.target.name_space, facts.name});
    const bool ended = facts.phase == PodPhase::kSucceeded || facts.phase == PodPhase::kFailed;
    pods.push_back({.uid = uid,
                    .name = facts.name,
                    .on_virtual_node = burst.virtual_nodes.contains(facts.node),
                    .bound = !facts.node.empty(),
                    .ready = facts.ready,
                    .going = facts.deleting || ended,
                    .requests = known == nullptr ? Resources{} : known->requests,
                    .created = facts.started.value_or(absl::InfinitePast())});
  }
  const size_t needed = VictimsNeeded(pods, static_cast<size_t>(replicas.from - replicas.to));
  const std::vector<VictimCandidate> victims =
      PickVirtualVictims(std::move(pods), needed, burst.policy->prices);
  if (victims.empty()) return;
  Action last = std::move(plan.actions.back());
  plan.actions.clear();
  for (const VictimCandidate& victim : victims) {
    plan.actions.push_back(Action{.number = static_cast<uint32_t>(plan.actions.size() + 1),
                                  .stage = 1,
                                  .kind = ActionKind::kEvictPod,
                                  .name_space = last.name_space,
                                  .name = victim.name,
                                  .uid = victim.uid,
                                  .result = {},
                                  .replicas = {}});
  }
  last.number = static_cast<uint32_t>(plan.actions.size() + 1);
  last.stage = 2;
  plan.actions.push_back(std::move(last));
  plan.evidence.push_back(
      {plan.timings.judged.value_or(absl::InfinitePast()), "Kubernetes",
       absl::StrCat(Count(victims.size(), "pod"),
                    " on virtual nodes to go first; the server heeds no deletion costs, so "
                    "they are evicted"),
       Direction::kNeither});
}

}  // namespace evenkeel::coordinator
