#include "coordinator/core/fencing_settings.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/fencing_time.h"
#include "coordinator/core/plan_failover.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/witnesses.h"

namespace evenkeel::coordinator {
namespace {

// Null: it cannot vouch for anybody.
const Node* PossibleVoucher(const Cluster& cluster, const std::string& name) {
  const auto found = cluster.nodes.find(name);
  if (found == cluster.nodes.end()) return nullptr;
  const Node& node = found->second;
  const bool possible =
      node.facts && !node.facts->address.empty() && node.agent_port != 0 && !node.record.failed_over;
  return possible ? &node : nullptr;
}

std::vector<Voucher> VouchersFor(const Cluster& cluster, const Node& node) {
  std::set<std::string> names;
  if (node.fence.sent) {
    for (const Voucher& voucher : node.fence.sent->vouchers) {
      if (PossibleVoucher(cluster, voucher.node) != nullptr) names.insert(voucher.node);
    }
  }
  const std::string domain = node.facts ? node.facts->failure_domain : "";
  for (const Witness& more :
       SelectWitnesses(cluster.witnesses, node.key.node, domain, node.key.node, kVouchers)) {
    if (names.size() == kVouchers) break;
    const Node* peer = PossibleVoucher(cluster, more.node);
    // One that does not follow settings (an older agent) could not be told to vouch no more.
    if (peer != nullptr && peer->fence.followed != 0) names.insert(more.node);
  }
  std::vector<Voucher> vouchers;
  for (const std::string& name : names) {
    const Node& voucher = cluster.nodes.at(name);
    vouchers.push_back({name, voucher.facts->address, voucher.agent_port});
  }
  return vouchers;
}

std::vector<MarkedPod> MarkedOn(const Cluster& cluster, const std::string& node) {
  std::vector<MarkedPod> marked;
  for (const PodName& name : cluster.pods.OnNode(node)) {
    const PodFacts& pod = *cluster.pods.Find(name);
    if (!MustNotRunTwice(pod) || pod.never_self_fenced || marked.size() == kMostMarkedPods) continue;
    marked.push_back({name.name_space, name.name, pod.uid});
  }
  return marked;
}

}  // namespace

bool AgentsFence(const FailoverPolicy& policy) {
  return policy.mode == PolicyMode::kEnforce && policy.fencing.self_fencing;
}

FencingSettings SettingsFor(const Cluster& cluster, const Node& node) {
  FencingSettings settings;
  const FencingPolicy& policy = cluster.policy.fencing;
  settings.isolation_timeout = IsolationTimeout(policy, cluster.beats.interval);
  settings.stop_timeout = policy.stop_timeout;
  // L11: an agent that was told of pods may have stopped them, whatever the policy says now, and lets go only
  // of those that are named to it.
  const bool told = node.record.fencing.version != 0 || node.fence.fence != 0;
  const bool wanted = AgentsFence(cluster.policy);
  if (wanted || told) settings.marked = MarkedOn(cluster, node.key.node);
  if (wanted) settings.vouchers = VouchersFor(cluster, node);
  // Without a peer to ask, every absence of the coordinator would be isolation.
  settings.armed = wanted && !settings.vouchers.empty();
  for (const std::string& name : cluster.condemned) {
    const std::vector<std::string>& vouchers = cluster.nodes.at(name).record.fencing.vouchers;
    const bool asked = std::find(vouchers.begin(), vouchers.end(), node.key.node) != vouchers.end();
    if (asked) settings.condemned.push_back(name);
  }
  // A pod that has moved is not marked any more, and stays stopped all the same until the kubelet has
  // forgotten it.
  settings.release = !node.record.failed_over && !node.silence;
  settings.answered_fence = node.fence.fence;
  return settings;
}

bool IsOfAnotherBoot(const ArmedFence& armed, const Node& node) {
  const std::string boot = node.facts ? node.facts->boot_id : "";
  return !boot.empty() && boot != armed.boot_id;
}

namespace {

// Whatever pods wait. Empty: its agent can be relied on.
std::string WhyNotArmed(const Cluster& cluster, const Node& node) {
  const FencingPolicy& policy = cluster.policy.fencing;
  const std::optional<ArmedFence>& armed = node.record.fencing.armed;
  if (!AgentsFence(cluster.policy)) return "the policy does not ask for it";
  if (!armed) return "it had not confirmed that it would";
  // Its kubelet may have started pods in a boot whose agent nobody has heard.
  if (IsOfAnotherBoot(*armed, node)) return "its machine has booted again since it confirmed that it would";
  if (!armed->watchdog_timeout && !policy.without_watchdog) {
    return "it has no watchdog: one that was killed or frozen would leave its pods running, and the policy "
           "does not accept "
           "that";
  }
  return "";
}

}  // namespace

std::string WhyNotSelfFenced(const Cluster& cluster, const Node& node) {
  if (std::string why_not = WhyNotArmed(cluster, node); !why_not.empty()) return why_not;
  const std::optional<ArmedFence>& armed = node.record.fencing.armed;
  for (const std::string& uid : WaitingPods(cluster, node)) {
    if (std::find(armed->pods.begin(), armed->pods.end(), uid) != armed->pods.end()) return "";
  }
  return "it had not yet heard of the pods that must not run twice";
}

std::optional<SelfFencing> SelfFencingOf(const Cluster& cluster, const Node& node) {
  if (!AgentsFence(cluster.policy)) return std::nullopt;
  const std::optional<ArmedFence>& armed = node.record.fencing.armed;
  SelfFencing view{.armed = false,
                   .fenced = node.fence.fence != 0,
                   .watchdog_timeout = armed ? armed->watchdog_timeout : std::nullopt,
                   .detail = WhyNotArmed(cluster, node)};
  view.armed = view.detail.empty();
  if (!armed && !node.fence.detail.empty()) view.detail = node.fence.detail;
  return view;
}

std::vector<std::string> WaitingPods(const Cluster& cluster, const Node& node) {
  std::vector<std::string> waiting;
  const std::optional<FenceProof>& proof = node.record.fencing.proof;
  for (const PodName& name : cluster.pods.OnNode(node.key.node)) {
    const PodFacts& pod = *cluster.pods.Find(name);
    if (MustNotRunTwice(pod) && !(proof && proof->Covers(pod.uid))) waiting.push_back(pod.uid);
  }
  return waiting;
}

}  // namespace evenkeel::coordinator
