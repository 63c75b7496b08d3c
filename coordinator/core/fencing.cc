#include "coordinator/core/fencing.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "coordinator/core/fencing_proof.h"
#include "coordinator/core/fencing_settings.h"
#include "coordinator/core/fencing_time.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// An agent that follows `settings` stops its pods no later than one that has confirmed `armed`.
bool KeepsTo(const ArmedFence& armed, const FencingSettings& settings) {
  return settings.armed && settings.isolation_timeout <= armed.isolation_timeout &&
         settings.stop_timeout <= armed.stop_timeout;
}

// Those who look at the node see how far it can be relied on.
void Show(Turn& turn, const Node& node) {
  if (node.published) turn.Changed(node);
}

// Nothing but pods has come to what was sent. A pod that is marked no more is told at once: it must not be
// counted on.
bool OnlyMarksMore(const FencingSettings& sent, const FencingSettings& settings) {
  FencingSettings same = settings;
  same.marked = sent.marked;
  return same == sent && std::all_of(sent.marked.begin(), sent.marked.end(), [&](const MarkedPod& pod) {
           return std::find(settings.marked.begin(), settings.marked.end(), pod) != settings.marked.end();
         });
}

// Takes the node out of the list of those who ask its vouchers.
void ForgetAsks(Cluster& cluster, const Node& node) {
  if (!node.fence.sent) return;
  for (const Voucher& voucher : node.fence.sent->vouchers) {
    const auto asked = cluster.askers.find(voucher.node);
    if (asked == cluster.askers.end()) continue;
    asked->second.erase(node.key.node);
    if (asked->second.empty()) cluster.askers.erase(asked);
  }
}

void Send(Turn& turn, Node& node, FencingSettings settings) {
  NodeFencing& record = node.record.fencing;
  Cluster& cluster = turn.ClusterOf(node);
  ForgetAsks(cluster, node);
  for (const Voucher& voucher : settings.vouchers) cluster.askers[voucher.node].insert(node.key.node);
  // A lost store must not begin again at a version that an agent follows already.
  record.version = std::max(record.version, turn.state.epoch << 32) + 1;
  settings.version = record.version;
  // Durable before it is sent: whom the agent may ask must be known whatever happens to us (L3).
  for (const Voucher& voucher : settings.vouchers) {
    if (!Contains(record.vouchers, voucher.node)) record.vouchers.push_back(voucher.node);
  }
  std::sort(record.vouchers.begin(), record.vouchers.end());
  // The agent may follow them, and its confirmation be lost: what it had confirmed holds no longer then.
  if (record.armed && !KeepsTo(*record.armed, settings)) record.armed.reset();
  if (record.armed) {
    std::erase_if(record.armed->pods, [&settings](const std::string& uid) {
      return std::none_of(settings.marked.begin(), settings.marked.end(),
                          [&uid](const MarkedPod& pod) { return pod.uid == uid; });
    });
  }
  turn.RecordChanged(node);
  Show(turn, node);
  turn.Ask(SetFencing{.node = node.key, .session_id = node.session->id, .settings = settings});
  node.fence.sent = std::move(settings);
}

// A condemned node's voucher follows settings that forbid it to vouch.
bool Promised(const Node& voucher, const std::string& condemned) {
  return voucher.session && voucher.fence.sent && voucher.fence.followed == voucher.fence.sent->version &&
         Contains(voucher.fence.sent->condemned, condemned);
}

void Reckon(Turn& turn, Node& node) {
  FenceWatch& watch = node.fence;
  const std::optional<ArmedFence>& armed = node.record.fencing.armed;
  if (!armed || watch.believed_from) return;
  std::vector<std::optional<absl::Time>> promises;
  for (const auto& [name, promise] : watch.promises) promises.push_back(promise);
  watch.believed_from = BelievedFrom(*armed, watch.last_beat, promises);
  if (!watch.believed_from) return;
  turn.state.timers.Set({TimerKind::kFence, node.key, {}}, std::max(*watch.believed_from, turn.now));
  const std::string watchdog =
      armed->watchdog_timeout ? absl::StrCat(", watchdog twice ", Say(*armed->watchdog_timeout)) : "";
  NoteFencing(
      turn, node, "coordinator",
      absl::StrCat("nobody vouches for it any more: it must have stopped its pods ",
                   Say(EnforcedMinimum(*armed)), " after the last word that it can have heard, in ",
                   Say(*watch.believed_from - turn.now), " (isolation ", Say(armed->isolation_timeout),
                   ", stopping ", Say(armed->stop_timeout), watchdog, ", 1 % for clocks)"));
}

// A node more can vouch; only the few that have too few vouchers care.
void UpdateShort(Turn& turn, Cluster& cluster) {
  for (const std::string& name :
       std::vector<std::string>(cluster.short_of_vouchers.begin(), cluster.short_of_vouchers.end())) {
    const auto node = cluster.nodes.find(name);
    if (node != cluster.nodes.end()) UpdateFencing(turn, node->second);
  }
}

void UpdateVouchersOf(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  for (const std::string& name : std::vector<std::string>(node.record.fencing.vouchers)) {
    const auto voucher = cluster.nodes.find(name);
    if (voucher != cluster.nodes.end()) UpdateFencing(turn, voucher->second);
  }
}

// From now on the peers of `node` may not vouch for it; what each has promised already counts.
void Condemn(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  node.record.fencing.condemned = true;
  cluster.condemned.insert(node.key.node);
  turn.RecordChanged(node);
  node.fence.last_beat = node.silence->last_beat.value_or(turn.now);
  node.fence.believed_from.reset();
  node.fence.due = false;
  node.fence.promises.clear();
  for (const std::string& name : node.record.fencing.vouchers) {
    const auto voucher = cluster.nodes.find(name);
    const bool promised = voucher != cluster.nodes.end() && Promised(voucher->second, node.key.node);
    node.fence.promises[name] = promised ? std::optional<absl::Time>(turn.now) : std::nullopt;
  }
  UpdateVouchersOf(turn, node);
  Reckon(turn, node);
}

// Should it be named again, it is asked as if for the first time.
void ForgetHook(Turn& turn, Node& node) {
  turn.state.timers.Clear({TimerKind::kHook, node.key, {}});
  node.fence.hook_pause = absl::ZeroDuration();
  node.fence.hook_at = absl::InfinitePast();
  node.fence.hook_asked = false;
}

// The agent follows the settings that were sent last.
void Confirmed(Turn& turn, Cluster& cluster, Node& node, const FencingReported& event) {
  const FencingSettings sent = *node.fence.sent;
  const bool can_vouch_now = node.fence.followed == 0;
  node.fence.followed = event.version;
  NodeFencing fencing = node.record.fencing;
  fencing.vouchers.clear();
  for (const Voucher& voucher : sent.vouchers) fencing.vouchers.push_back(voucher.node);
  fencing.armed.reset();
  if (sent.armed && event.armed) {
    fencing.armed = ArmedFence{.isolation_timeout = sent.isolation_timeout,
                               .stop_timeout = sent.stop_timeout,
                               .watchdog_timeout = event.watchdog_timeout,
                               .pods = {},
                               .boot_id = node.session->boot_id};
    for (const MarkedPod& pod : sent.marked) fencing.armed->pods.push_back(pod.uid);
  }
  if (fencing != node.record.fencing) {
    node.record.fencing = std::move(fencing);
    turn.RecordChanged(node);
  }
  // What was under way when it fell silent may say that its agent takes longer: then the wait is longer, too.
  if (node.record.fencing.condemned && !node.record.fencing.proof) {
    turn.state.timers.Clear({TimerKind::kFence, node.key, {}});
    node.fence.believed_from.reset();
    node.fence.due = false;
    Reckon(turn, node);
  }
  for (const std::string& name : sent.condemned) {
    const auto condemned = cluster.nodes.find(name);
    if (condemned == cluster.nodes.end()) continue;
    const auto promise = condemned->second.fence.promises.find(node.key.node);
    if (promise == condemned->second.fence.promises.end() || promise->second) continue;
    promise->second = turn.now;
    Reckon(turn, condemned->second);
  }
  if (can_vouch_now) UpdateShort(turn, cluster);
}

}  // namespace

void UpdateFencing(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  if (!node.session || !node.facts || !node.record.agent_seen) return;
  // While Kubernetes' objects are still being listed every pod would be a change.
  if (!cluster.sight.listed) return;
  // One that is silent may hear it without our knowing: it hears when it speaks. What it does not know of it
  // cannot ask, and those whom it may ask have to promise.
  if (node.silence) return;
  // Nobody was told anything yet, and there is nothing to tell.
  const bool told = node.record.fencing.version != 0 || node.fence.fence != 0;
  if (!AgentsFence(cluster.policy) && !told) return;
  FencingSettings settings = SettingsFor(cluster, node);
  if (AgentsFence(cluster.policy) && settings.vouchers.size() < kVouchers) {
    cluster.short_of_vouchers.insert(node.key.node);
  } else {
    cluster.short_of_vouchers.erase(node.key.node);
  }
  if (node.fence.sent) {
    settings.version = node.fence.sent->version;
    if (settings == *node.fence.sent) return;
    // Pods come in bursts: those that come while an answer is awaited are told together, when it is here.
    const bool awaited = node.fence.followed != settings.version;
    if (awaited && OnlyMarksMore(*node.fence.sent, settings)) return;
  }
  Send(turn, node, std::move(settings));
}

void UpdateFencing(Turn& turn, Cluster& cluster) {
  for (auto& [name, node] : cluster.nodes) UpdateFencing(turn, node);
}

void FencingPolicyChanged(Turn& turn, Cluster& cluster) {
  UpdateFencing(turn, cluster);
  for (const auto& [name, node] : cluster.nodes) Show(turn, node);
  // There may be a way now to prove what pods wait for.
  for (const std::string& name : cluster.failed_over) {
    Node& node = cluster.nodes.at(name);
    if (!cluster.policy.fencing.hook) ForgetHook(turn, node);
    JudgeFenceAgain(turn, node);
  }
}

void FencingVoucherChanged(Turn& turn, Cluster& cluster, const std::string& voucher) {
  const auto asked = cluster.askers.find(voucher);
  if (asked == cluster.askers.end()) return;
  for (const std::string& name : std::vector<std::string>(asked->second.begin(), asked->second.end())) {
    const auto asker = cluster.nodes.find(name);
    if (asker != cluster.nodes.end()) UpdateFencing(turn, asker->second);
  }
}

void FencingSessionOpened(Turn& turn, Node& node) {
  ForgetAsks(turn.ClusterOf(node), node);
  node.fence.sent.reset();
  node.fence.followed = 0;
  node.fence.fence = 0;
  node.fence.detail.clear();
  Show(turn, node);
  if (node.record.fencing.armed) {
    node.record.fencing.armed.reset();
    turn.RecordChanged(node);
  }
  UpdateFencing(turn, node);
}

void FencingFactsSeen(Turn& turn, Node& node) {
  UpdateFencing(turn, node);
}

void FencingGoodbye(Turn& turn, Node& node) {
  if (!node.record.fencing.armed) return;
  node.record.fencing.armed.reset();
  turn.RecordChanged(node);
  Show(turn, node);
}

void OnFencingReported(Turn& turn, const FencingReported& event) {
  Node* node = turn.FindNode(event.node);
  if (node == nullptr || !node->session || node->session->id != event.session_id) return;
  Cluster& cluster = turn.ClusterOf(*node);
  // It is answered, also where somebody else had it stop pods: it would keep them stopped for ever.
  node->fence.fence = event.fence;
  node->fence.detail = event.detail;
  Show(turn, *node);
  if (node->fence.sent && event.version == node->fence.sent->version) Confirmed(turn, cluster, *node, event);
  UpdateFencing(turn, *node);
}

void FencingPodChanged(Turn& turn, const std::string& cluster, const std::string& node) {
  if (Node* found = turn.FindNode({cluster, node})) UpdateFencing(turn, *found);
}

void SeekProof(Turn& turn, Node& node) {
  const Cluster& cluster = turn.ClusterOf(node);
  const bool enforced = cluster.policy.mode == PolicyMode::kEnforce && node.record.failed_over;
  if (!enforced || !node.silence || node.record.fencing.proof || WaitingPods(cluster, node).empty()) return;
  const std::string why_not = WhyNotSelfFenced(cluster, node);
  if (why_not.empty()) {
    // After a start what is durable is that it is condemned; who has promised must be found out again.
    const bool asked =
        node.record.fencing.condemned && (node.fence.believed_from || !node.fence.promises.empty());
    if (!asked) Condemn(turn, node);
    return;
  }
  OpenDecision* open = turn.FindOpen(node.open_decision);
  if (open == nullptr || !cluster.policy.fencing.self_fencing) return;
  const Alternative not_taken{absl::StrCat("rely on the agent of ", node.key.node, " having fenced it"),
                              why_not};
  auto& known = open->decision.alternatives;
  if (std::find(known.begin(), known.end(), not_taken) != known.end()) return;
  known.push_back(not_taken);
  turn.Changed(*open);
}

bool AwaitsProof(Turn& turn, const Node& node) {
  // Just after a start its silence has not been noticed yet.
  const bool speaks = node.session && !node.silence;
  return node.record.fencing.condemned && !node.record.fencing.proof && !speaks &&
         !WaitingPods(turn.ClusterOf(node), node).empty();
}

void OnFenceDue(Turn& turn, Node& node) {
  if (!node.record.fencing.condemned || node.record.fencing.proof) return;
  node.fence.due = true;
  JudgeFenceAgain(turn, node);
}

void FencingWaitsAgain(Turn& turn, Node& node) {
  turn.state.timers.Clear({TimerKind::kFence, node.key, {}});
  node.fence.promises.clear();
  node.fence.believed_from.reset();
  node.fence.due = false;
}

void FencingEnds(Turn& turn, Node& node) {
  NodeFencing& fencing = node.record.fencing;
  ForgetHook(turn, node);
  FencingWaitsAgain(turn, node);
  node.fence.last_life = turn.now;
  const bool condemned = std::exchange(fencing.condemned, false);
  if (condemned) {
    turn.ClusterOf(node).condemned.erase(node.key.node);
    UpdateVouchersOf(turn, node);
  }
  if (condemned || fencing.proof) {
    fencing.proof.reset();
    turn.RecordChanged(node);
  }
}

void FencingForgotten(Turn& turn, Node& node) {
  Cluster& cluster = turn.ClusterOf(node);
  for (const TimerKind kind : {TimerKind::kFence, TimerKind::kHook})
    turn.state.timers.Clear({kind, node.key, {}});
  ForgetAsks(cluster, node);
  if (cluster.condemned.erase(node.key.node) > 0) UpdateVouchersOf(turn, node);
  cluster.short_of_vouchers.erase(node.key.node);
  node.fence = {};
}

}  // namespace evenkeel::coordinator
