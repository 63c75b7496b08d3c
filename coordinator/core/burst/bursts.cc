#include "coordinator/core/burst/bursts.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/burst/back_off.h"
#include "coordinator/core/burst/headrooms.h"
#include "coordinator/core/burst/look_burst.h"
#include "coordinator/core/burst/victims.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

const Policy* BurstPolicyOf(const State& state, const std::string& cluster) {
  for (const auto& [name, policy] : state.policies) {
    if (policy.IfBurst() != nullptr && policy.cluster() == cluster) return &policy;
  }
  return nullptr;
}

bool IsPicked(const VirtualSelector& selector, const NodeFacts& facts) {
  const auto has = [&facts](const std::string& trait) { return facts.traits.contains(trait); };
  return std::any_of(selector.labels.begin(), selector.labels.end(),
                     [&has](const VirtualSelector::Label& label) {
                       return has(absl::StrCat(label.key, "=", label.value));
                     }) ||
         std::any_of(selector.taint_keys.begin(), selector.taint_keys.end(),
                     [&has](const std::string& key) { return has(absl::StrCat(key, ":")); });
}

void SetPulled(Turn& turn, Cluster& cluster, const std::string& node, bool pull) {
  std::set<std::string>& pulled = cluster.burst.pulled;
  if (pull ? !pulled.insert(node).second : pulled.erase(node) == 0) return;
  turn.Ask(PullUsage{.cluster = cluster.name, .node = node, .pull = pull});
}

// ---- pods that find no room ----

bool Presses(const PodFacts& facts) {
  return facts.unschedulable && facts.node.empty() && facts.tolerates && !facts.deleting &&
         !HasEnded(facts) && !IsPlaceholder(facts);
}

void StopsPressing(const Turn& turn, Cluster& cluster, const PodName& name) {
  Burst& burst = cluster.burst;
  if (burst.pressing.erase(name) == 0) return;
  PressingChanged(cluster);
  burst.last_pressed = turn.now;
  if (burst.pressing.empty()) burst.refused_by.clear();
}

// ---- pods on virtual nodes ----

void ForgetVirtualPod(Burst& burst, const PodName& name) {
  burst.starting.erase(name);
  burst.came_up.erase(name);
  burst.blamed.erase(name);
  burst.unmarked.erase(name);
  burst.marked.erase(name);
}

void NoteStart(Turn& turn, Cluster& cluster, const PodName& name, const PodFacts& facts) {
  Burst& burst = cluster.burst;
  const auto starting = burst.starting.find(name);
  if (facts.ready) burst.came_up.insert(name);
  if (!facts.ready && !facts.deleting && !HasEnded(facts)) {
    // What has come up once and is not Ready any more is not its provider's failure.
    if (!burst.came_up.contains(name)) burst.starting.try_emplace(name, turn.now);
    return;
  }
  if (starting == burst.starting.end()) return;
  ProviderBackOff& provider = cluster.record.burst.provider;
  const absl::Time since = starting->second;
  burst.starting.erase(starting);
  if (facts.ready && provider.failures > 0 && since > provider.failed) {
    NoteProviderSuccess(provider);
    turn.RecordChanged(cluster);
  }
  // It never ran, and its provider says that it never will.
  if (facts.phase != "Failed") return;
  const std::string cause =
      absl::StrCat(PodText(name.name_space, name.name), " was failed on virtual node ", facts.node,
                   facts.waiting_reason.empty() ? "" : absl::StrCat(": ", facts.waiting_reason));
  if (NoteProviderFailure(provider, turn.now, cause)) turn.RecordChanged(cluster);
}

void NoteMark(Burst& burst, uint32_t server_minor, const PodName& name, const PodFacts& facts) {
  if (facts.deletion_cost) burst.marked.erase(name);
  const auto marked = burst.marked.find(name);
  const bool done = marked != burst.marked.end() && marked->second == facts.uid;
  const bool needs = NeedsDeletionCost(true, facts.deleting || HasEnded(facts), !facts.controller.uid.empty(),
                                       facts.deletion_cost, server_minor);
  if (needs && !done) {
    burst.unmarked.insert(name);
  } else {
    burst.unmarked.erase(name);
  }
}

void SeeVirtualPod(Turn& turn, Cluster& cluster, const PodName& name, const PodFacts& facts) {
  if (!HasBurst(facts)) return ForgetVirtualPod(cluster.burst, name);
  NoteStart(turn, cluster, name, facts);
  NoteMark(cluster.burst, cluster.server_minor, name, facts);
  BurstLookSoon(turn, cluster);
}

// ---- room on real nodes ----

// True: the node has other room than before.
bool UpdateRoom(const Turn& turn, Cluster& cluster, const std::string& name) {
  Burst& burst = cluster.burst;
  const auto ready = burst.real_nodes.find(name);
  const auto found = cluster.nodes.find(name);
  if (ready == burst.real_nodes.end() || found == cluster.nodes.end() || !found->second.facts) {
    return burst.real_room.Erase(name);
  }
  const Node& node = found->second;
  const NodeFacts& facts = *node.facts;
  if (!node.standing.healthy || facts.unschedulable || facts.failover_taint || facts.gray_taint) {
    return burst.real_room.Erase(name);
  }
  // One that does not say what it has is no reason to bring pods there.
  FreeNode free{.free = facts.allocatable, .reserved = facts.reserved};
  free.free -= cluster.pods.LoadOf(name);
  free.free -= cluster.pods.HeldByGoing(name);
  if (!burst.real_room.Has(name)) burst.room_came = turn.now;
  return burst.real_room.Put(name, ready->second, free);
}

// The node is virtual from now on, or is not any more.
void SetVirtual(Turn& turn, Cluster& cluster, const std::string& node, bool is_virtual) {
  Burst& burst = cluster.burst;
  if (burst.virtual_nodes.contains(node) == is_virtual) return;
  if (is_virtual) {
    burst.virtual_nodes.insert(node);
    burst.real_nodes.erase(node);
  } else {
    burst.virtual_nodes.erase(node);
  }
  for (const PodName& name : cluster.pods.OnNode(node)) {
    if (is_virtual) {
      SeeVirtualPod(turn, cluster, name, *cluster.pods.Find(name));
    } else {
      ForgetVirtualPod(burst, name);
    }
  }
}

}  // namespace

bool HasBurst(const PodFacts& facts) {
  return !facts.mirror && facts.controller.kind != "DaemonSet";
}

bool HasEnded(const PodFacts& facts) {
  return facts.phase == "Succeeded" || facts.phase == "Failed";
}

bool RulesVirtualNodes(const Burst& burst) {
  return burst.policy && burst.policy->mode == PolicyMode::kEnforce && !burst.policy->paused;
}

void UpdateBurst(Turn& turn, Cluster& cluster) {
  Burst& burst = cluster.burst;
  const Policy* policy = BurstPolicyOf(turn.state, cluster.name);
  if (policy == nullptr) {
    burst.policy.reset();
    burst.policy_name.clear();
    burst.policy_etag.clear();
  } else {
    burst.policy = policy->burst();
    burst.prices = burst.policy->prices;
    burst.policy_name = policy->name;
    burst.policy_etag = policy->etag;
  }
  burst.refused_by.clear();
  burst.no_burst = {};
  burst.not_as_due.clear();
  burst.mark_from = absl::InfinitePast();
  burst.mark_pause = absl::ZeroDuration();
  ForgetRefusals(burst.headroom);
  BoundBackOff(cluster.record.burst.provider, turn.now);
  BoundLedger(cluster.record.burst.ledger, turn.now);
  BoundDamping(cluster.record.burst.damping, turn.now);
  for (const auto& [name, node] : cluster.nodes) {
    if (node.facts) BurstNodeSeen(turn, cluster, node);
  }
  // Also where nothing of it is left but taints of ours, or a drain-back that is under way.
  burst.next_look = std::max(turn.now, burst.looked + kBurstLookEvery);
  turn.state.timers.Set({TimerKind::kBurst, {cluster.name, ""}, {}}, burst.next_look);
}

void BurstNodeSeen(Turn& turn, Cluster& cluster, const Node& node) {
  Burst& burst = cluster.burst;
  const std::string& name = node.key.node;
  const NodeFacts& facts = *node.facts;
  // Where no policy says which nodes are virtual, those are that everybody takes for it: their pods are
  // scaled all the same.
  const bool picked = IsPicked(burst.policy ? burst.policy->virtual_nodes : VirtualSelector(), facts);
  const bool is_virtual = burst.policy && picked;
  SetPulled(turn, cluster, name, picked);
  SetVirtual(turn, cluster, name, is_virtual);
  if (facts.valve_taint) {
    burst.tainted.insert(name);
  } else {
    burst.tainted.erase(name);
  }
  if (!is_virtual && facts.ready) {
    burst.real_nodes.try_emplace(name, turn.now);
  } else {
    burst.real_nodes.erase(name);
  }
  if (UpdateRoom(turn, cluster, name) || is_virtual || facts.valve_taint) BurstLookSoon(turn, cluster);
}

void BurstStandingChanged(Turn& turn, Cluster& cluster, const std::string& node) {
  if (UpdateRoom(turn, cluster, node)) BurstLookSoon(turn, cluster);
}

void BurstNodeGone(Turn& turn, Cluster& cluster, const std::string& node) {
  SetPulled(turn, cluster, node, false);
  SetVirtual(turn, cluster, node, false);
  cluster.burst.tainted.erase(node);
  cluster.burst.not_as_due.erase(node);
  cluster.burst.real_nodes.erase(node);
  UpdateRoom(turn, cluster, node);
  BurstLookSoon(turn, cluster);
}

void BurstPodSeen(Turn& turn, Cluster& cluster, const PodName& name, const PodFacts& facts,
                  const std::string& node_before) {
  Burst& burst = cluster.burst;
  if (!node_before.empty() && node_before != facts.node) UpdateRoom(turn, cluster, node_before);
  if (!facts.node.empty()) UpdateRoom(turn, cluster, facts.node);
  if (Presses(facts)) {
    PressingChanged(cluster);  // it may ask for something else than before
    if (burst.pressing.try_emplace(name, PressingPod{.since = turn.now}).second) BurstLookSoon(turn, cluster);
  } else if (burst.pressing.contains(name)) {
    StopsPressing(turn, cluster, name);
    BurstLookSoon(turn, cluster);
  }
  if (burst.virtual_nodes.contains(facts.node)) return SeeVirtualPod(turn, cluster, name, facts);
  ForgetVirtualPod(burst, name);
  // Its room may be another's now, or it may have come up where pods come home.
  if (!burst.virtual_nodes.empty()) BurstLookSoon(turn, cluster);
}

void BurstPodGone(Turn& turn, Cluster& cluster, const PodName& name, const std::string& node_before) {
  if (!node_before.empty()) UpdateRoom(turn, cluster, node_before);
  StopsPressing(turn, cluster, name);
  ForgetVirtualPod(cluster.burst, name);
  BurstLookSoon(turn, cluster);
}

void BurstLookSoon(Turn& turn, Cluster& cluster) {
  Burst& burst = cluster.burst;
  // What is open is brought to its end, whatever has become of the policy (L11).
  if (!burst.policy && burst.tainted.empty() && cluster.open.empty() && !HasHeadroom(cluster)) return;
  const absl::Time soonest = std::max(turn.now, burst.looked + kBurstLookEvery);
  if (burst.next_look <= soonest) return;
  burst.next_look = soonest;
  turn.state.timers.Set({TimerKind::kBurst, {cluster.name, ""}, {}}, soonest);
}

}  // namespace evenkeel::coordinator
