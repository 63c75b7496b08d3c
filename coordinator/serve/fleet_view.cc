#include "coordinator/serve/fleet_view.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <variant>

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostOccurrences = 20;
constexpr size_t kMostEarlyVerdicts = 1024;

FleetRef RefTo(const std::string& cluster) {
  return std::make_shared<const FleetKey>(FleetKey{FleetKind::kCluster, cluster, "", ""});
}
FleetRef RefTo(const NodeKey& key) {
  return std::make_shared<const FleetKey>(FleetKey{FleetKind::kNode, key.cluster, "", key.node});
}
FleetRef RefTo(const PodKey& key) {
  return std::make_shared<const FleetKey>(FleetKey{FleetKind::kPod, key.cluster, key.name_space, key.name});
}

// A report brings the groups that changed, each whole; the others are as before.
std::shared_ptr<const v1::NodeReport> Merge(const v1::NodeReport* before, const v1::NodeReport& change) {
  auto merged =
      before == nullptr ? std::make_shared<v1::NodeReport>() : std::make_shared<v1::NodeReport>(*before);
  if (change.has_kubelet()) *merged->mutable_kubelet() = change.kubelet();
  if (change.has_runtime()) *merged->mutable_runtime() = change.runtime();
  if (!change.runtime_version().empty()) merged->set_runtime_version(change.runtime_version());
  if (change.has_cpu()) *merged->mutable_cpu() = change.cpu();
  if (change.has_memory()) *merged->mutable_memory() = change.memory();
  if (change.has_pressure()) *merged->mutable_pressure() = change.pressure();
  if (!change.filesystems().empty()) *merged->mutable_filesystems() = change.filesystems();
  if (change.has_boot_time()) *merged->mutable_boot_time() = change.boot_time();
  return merged;
}

auto TimeOf(const v1::NodeOccurrence& occurrence) {
  return std::pair(occurrence.node_time().seconds(), occurrence.node_time().nanos());
}

bool IsSame(const v1::NodeOccurrence& a, const v1::NodeOccurrence& b) {
  return a.kind() == b.kind() && TimeOf(a) == TimeOf(b) && a.detail() == b.detail() &&
         a.pod_uid() == b.pod_uid() && a.container() == b.container();
}

// An agent that opens a session tells some of it again: what is here, and what has left already.
bool IsToldAgain(const std::deque<v1::NodeOccurrence>& before, const v1::NodeOccurrence& occurrence) {
  if (before.size() == kMostOccurrences && TimeOf(occurrence) < TimeOf(before.back())) return true;
  return std::any_of(before.begin(), before.end(),
                     [&occurrence](const v1::NodeOccurrence& other) { return IsSame(occurrence, other); });
}

std::shared_ptr<const std::deque<v1::NodeOccurrence>> WithOccurrences(
    const std::deque<v1::NodeOccurrence>* before, const v1::Report& report) {
  auto occurrences = std::make_shared<std::deque<v1::NodeOccurrence>>();
  if (before != nullptr) *occurrences = *before;
  for (const v1::NodeOccurrence& occurrence : report.occurrences()) {
    const bool again = report.full() && before != nullptr && IsToldAgain(*before, occurrence);
    if (!again) occurrences->push_front(occurrence);
  }
  if (occurrences->size() > kMostOccurrences) occurrences->resize(kMostOccurrences);
  return occurrences;
}

}  // namespace

FleetView::FleetView(const std::set<std::string>& clusters, const time::Clock& clock) : clock_(clock) {
  absl::MutexLock lock(&mutex_);
  for (const std::string& cluster : clusters) ClusterOf(cluster);
}

// ---- what Kubernetes shows ----

void FleetView::OnApi(const ObservedApi& api) {
  absl::MutexLock lock(&mutex_);
  Cluster& cluster = ClusterOf(api.cluster);
  cluster.state.api = api;
  Changed(cluster.state.ref);
  if (!api.reachable || cluster.state.listed) return;
  // The first list is complete: what was known of nodes from before, and is not in it, is of nodes that are
  // gone.
  cluster.state.listed = true;
  std::vector<NodeKey> gone;
  for (auto at = nodes_.lower_bound({api.cluster, ""});
       at != nodes_.end() && at->first.cluster == api.cluster; ++at) {
    if (at->second.state.observed == nullptr && !at->second.state.connected) gone.push_back(at->first);
  }
  for (const NodeKey& key : gone) RemoveNode(key);
}

void FleetView::OnNode(const ObservedNode& node) {
  absl::MutexLock lock(&mutex_);
  Node& entry = NodeOf(node.key);
  entry.state.observed = std::make_shared<const ObservedNode>(node);
  Changed(entry.state.ref);
}

void FleetView::OnNodeGone(const NodeKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return;
  if (!found->second.state.connected) {
    RemoveNode(key);
    return;
  }
  found->second.state.observed = nullptr;  // its agent still speaks
  Changed(found->second.state.ref);
}

void FleetView::OnPod(const ObservedPod& pod) {
  absl::MutexLock lock(&mutex_);
  auto known = pods_.find(pod.key);
  if (known != pods_.end() && known->second.observed->facts.uid != pod.facts.uid) {
    RemovePod(known);  // deleted and made again between two looks
    known = pods_.end();
  }
  auto observed = std::make_shared<const ObservedPod>(pod);
  if (known == pods_.end()) {
    known = pods_.emplace(pod.key, Pod{.ref = RefTo(pod.key), .observed = std::move(observed)}).first;
    CountPod(pod, +1);
  } else {
    const bool moved = known->second.observed->facts.node != pod.facts.node;
    if (moved) CountPod(*known->second.observed, -1);
    known->second.observed = std::move(observed);
    if (moved) CountPod(pod, +1);
  }
  Changed(known->second.ref);
}

void FleetView::OnPodGone(const PodKey& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = pods_.find(key);
  if (found != pods_.end()) RemovePod(found);
}

// ---- what the agents say ----

void FleetView::OnSessionOpened(const NodeKey& key, const SessionDescription& session) {
  absl::MutexLock lock(&mutex_);
  Node& node = NodeOf(key);
  if (!node.state.connected) ++ClusterOf(key.cluster).state.agents;
  node.state.connected = true;
  node.state.session = std::make_shared<const SessionDescription>(session);
  Changed(node.state.ref);
  Changed(ClusterOf(key.cluster).state.ref);
}

void FleetView::OnReport(const NodeKey& key, uint64_t session_id, const v1::Report& report) {
  absl::MutexLock lock(&mutex_);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return;
  Node& node = found->second;
  if (!node.state.connected || node.state.session->session_id != session_id) return;
  ApplyReport(node, key, report);
  Changed(node.state.ref);
}

void FleetView::OnSessionClosed(const NodeKey& key, uint64_t session_id, const std::string& /*reason*/) {
  absl::MutexLock lock(&mutex_);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return;
  Node& node = found->second;
  if (!node.state.connected || node.state.session->session_id != session_id) return;
  node.state.connected = false;
  Cluster& cluster = ClusterOf(key.cluster);
  --cluster.state.agents;
  Changed(cluster.state.ref);
  ForgetPodReports(node, key.cluster);
  if (node.state.observed == nullptr && cluster.state.listed) {
    RemoveNode(key);
  } else {
    Changed(node.state.ref);
  }
}

void FleetView::ApplyReport(Node& node, const NodeKey& key, const v1::Report& report) {
  if (report.full()) {
    ForgetPodReports(node, key.cluster);
    node.state.report = nullptr;
  }
  if (report.has_node()) node.state.report = Merge(node.state.report.get(), report.node());
  node.state.report_time = clock_.Now();
  if (!report.occurrences().empty()) {
    node.state.occurrences = WithOccurrences(node.state.occurrences.get(), report);
  }
  for (const v1::PodReport& pod : report.pods()) {
    node.pod_reports[pod.uid()] = std::make_shared<const v1::PodReport>(pod);
    PodReportChanged(key.cluster, pod);
  }
  for (const std::string& uid : report.gone_pod_uids()) {
    const auto gone = node.pod_reports.extract(uid);
    if (!gone.empty()) PodReportChanged(key.cluster, *gone.mapped());
  }
}

void FleetView::ForgetPodReports(Node& node, const std::string& cluster) {
  const auto forgotten = std::exchange(node.pod_reports, {});
  for (const auto& [uid, report] : forgotten) PodReportChanged(cluster, *report);
}

void FleetView::PodReportChanged(const std::string& cluster, const v1::PodReport& report) {
  if (listeners_.empty()) return;
  const auto pod = pods_.find({cluster, report.namespace_(), report.name()});
  if (pod != pods_.end() && pod->second.observed->facts.uid == report.uid()) Changed(pod->second.ref);
}

// ---- what the core says ----

void FleetView::OnNotice(const Notice& notice) {
  absl::MutexLock lock(&mutex_);
  if (const auto* verdict = std::get_if<VerdictChanged>(&notice)) {
    OnVerdict(*verdict);
  } else if (const auto* sight = std::get_if<SightChanged>(&notice)) {
    OnSight(*sight);
  } else if (const auto* domain = std::get_if<DomainSightChanged>(&notice)) {
    OnDomainSight(*domain);
  } else if (const auto* patience = std::get_if<PatienceChanged>(&notice)) {
    OnPatience(*patience);
  } else if (const auto* decision = std::get_if<DecisionChanged>(&notice)) {
    OnDecision(decision->decision);
  } else if (const auto* maintenance = std::get_if<MaintenanceChanged>(&notice)) {
    OnMaintenance(*maintenance);
  } else if (const auto* pause = std::get_if<PauseChanged>(&notice)) {
    OnPause(*pause);
  }
}

void FleetView::OnMaintenance(const MaintenanceChanged& change) {
  if (change.maintenance) {
    maintenances_.insert_or_assign(change.node, *change.maintenance);
  } else {
    maintenances_.erase(change.node);
  }
  const auto node = nodes_.find(change.node);
  if (node != nodes_.end()) Changed(node->second.state.ref);
}

void FleetView::OnPause(const PauseChanged& change) {
  Cluster& cluster = ClusterOf(change.cluster);
  cluster.state.pause = change.pause;
  Changed(cluster.state.ref);
}

void FleetView::OnVerdict(const VerdictChanged& verdict) {
  Cluster& cluster = ClusterOf(verdict.node.cluster);
  const auto found = nodes_.find(verdict.node);
  if (found == nodes_.end() && cluster.state.listed) {
    // Either the node is gone already, or it is new and the core was quicker to speak of it.
    if (early_verdicts_.size() == kMostEarlyVerdicts) early_verdicts_.clear();
    early_verdicts_.insert_or_assign(verdict.node, verdict);
    return;
  }
  SetVerdict(found == nodes_.end() ? NodeOf(verdict.node) : found->second, verdict);
}

void FleetView::SetVerdict(Node& node, const VerdictChanged& verdict) {
  Cluster& cluster = ClusterOf(verdict.node.cluster);
  --cluster.state.nodes_by_verdict[static_cast<size_t>(node.state.verdict())];
  node.state.judged = std::make_shared<const VerdictChanged>(verdict);
  ++cluster.state.nodes_by_verdict[static_cast<size_t>(node.state.verdict())];
  Changed(node.state.ref);
  Changed(cluster.state.ref);
}

void FleetView::OnSight(const SightChanged& sight) {
  Cluster& cluster = ClusterOf(sight.cluster);
  if (sight.blind) {
    cluster.state.blind = sight;
  } else {
    cluster.state.blind.reset();
  }
  Changed(cluster.state.ref);
}

void FleetView::OnDomainSight(const DomainSightChanged& sight) {
  Cluster& cluster = ClusterOf(sight.cluster);
  auto& shown = cluster.state.blind_domains;
  auto domains = shown ? std::make_shared<std::map<std::string, DomainSightChanged>>(*shown)
                       : std::make_shared<std::map<std::string, DomainSightChanged>>();
  if (sight.blind) {
    domains->insert_or_assign(sight.domain, sight);
  } else {
    domains->erase(sight.domain);
  }
  if (domains->empty()) domains = nullptr;
  shown = std::move(domains);
  Changed(cluster.state.ref);
}

void FleetView::OnPatience(const PatienceChanged& patience) {
  Cluster& cluster = ClusterOf(patience.cluster);
  cluster.state.patience = patience;
  Changed(cluster.state.ref);
}

void FleetView::OnDecision(const Decision& decision) {
  if (!decision.workload.empty()) return;  // shown with its scaler
  const NodeKey key{decision.cluster, decision.node};
  const auto open = open_decisions_.find(key);
  if (decision.state == DecisionState::kOpen) {
    if (open != open_decisions_.end() && open->second == decision.id) return;
    open_decisions_.insert_or_assign(key, decision.id);
  } else {
    if (open == open_decisions_.end() || open->second != decision.id) return;
    open_decisions_.erase(open);
  }
  const auto node = nodes_.find(key);
  if (node != nodes_.end()) Changed(node->second.state.ref);
}

// ---- entries ----

FleetView::Cluster& FleetView::ClusterOf(const std::string& name) {
  const auto [entry, added] = clusters_.try_emplace(name);
  if (added) {
    entry->second.state.ref = RefTo(name);
    Changed(entry->second.state.ref);
  }
  return entry->second;
}

FleetView::Node& FleetView::NodeOf(const NodeKey& key) {
  const auto [entry, added] = nodes_.try_emplace(key);
  if (!added) return entry->second;
  entry->second.state.ref = RefTo(key);
  Cluster& cluster = ClusterOf(key.cluster);
  ++cluster.state.nodes_by_verdict[static_cast<size_t>(Verdict::kUnknown)];
  Changed(cluster.state.ref);
  const auto early = early_verdicts_.extract(key);
  if (!early.empty()) SetVerdict(entry->second, early.mapped());
  return entry->second;
}

void FleetView::RemoveNode(const NodeKey& key) {
  const auto found = nodes_.find(key);
  const NodeSnapshot last = SnapshotOf(found->second);
  nodes_.erase(found);
  Cluster& cluster = ClusterOf(key.cluster);
  --cluster.state.nodes_by_verdict[static_cast<size_t>(last.verdict())];
  Changed(cluster.state.ref);
  Gone(last.ref, last);
}

void FleetView::RemovePod(std::map<PodKey, Pod>::iterator pod) {
  const PodSnapshot last = SnapshotOf(pod->second);
  pods_.erase(pod);
  CountPod(*last.observed, -1);
  Gone(last.ref, last);
}

NodeSnapshot FleetView::SnapshotOf(const Node& node) const {
  NodeSnapshot snapshot = node.state;
  const NodeKey key{node.state.ref->cluster, node.state.ref->name};
  const auto pods = pods_on_node_.find(key);
  if (pods != pods_on_node_.end()) snapshot.pods = pods->second;
  const auto decision = open_decisions_.find(key);
  if (decision != open_decisions_.end()) snapshot.open_decision = decision->second;
  const auto maintenance = maintenances_.find(key);
  if (maintenance != maintenances_.end()) snapshot.maintenance = maintenance->second;
  return snapshot;
}

PodSnapshot FleetView::SnapshotOf(const Pod& pod) const {
  PodSnapshot snapshot{.ref = pod.ref, .observed = pod.observed, .report = nullptr};
  const auto node = nodes_.find({pod.ref->cluster, pod.observed->facts.node});
  if (node == nodes_.end()) return snapshot;
  const auto report = node->second.pod_reports.find(pod.observed->facts.uid);
  if (report != node->second.pod_reports.end()) snapshot.report = report->second;
  return snapshot;
}

void FleetView::CountPod(const ObservedPod& pod, int difference) {
  Cluster& cluster = ClusterOf(pod.key.cluster);
  cluster.state.pods += difference;
  Changed(cluster.state.ref);
  if (pod.facts.node.empty()) return;
  const NodeKey key{pod.key.cluster, pod.facts.node};
  const auto count = pods_on_node_.try_emplace(key, 0).first;
  count->second += difference;
  if (count->second == 0) pods_on_node_.erase(count);
  const auto node = nodes_.find(key);
  if (node != nodes_.end()) Changed(node->second.state.ref);
}

void FleetView::Gone(const FleetRef& ref, FleetSnapshot last) {
  if (listeners_.empty()) return;
  const auto shared = std::make_shared<const FleetSnapshot>(std::move(last));
  for (FleetListener* listener : listeners_) listener->OnGone(ref, shared);
}

void FleetView::Changed(const FleetRef& ref) {
  for (FleetListener* listener : listeners_) listener->OnChanged(ref);
}

// ---- reads ----

std::optional<ClusterSnapshot> FleetView::FindCluster(const std::string& cluster) const {
  absl::MutexLock lock(&mutex_);
  const auto found = clusters_.find(cluster);
  if (found == clusters_.end()) return std::nullopt;
  return found->second.state;
}

std::optional<NodeSnapshot> FleetView::FindNode(const NodeKey& key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = nodes_.find(key);
  if (found == nodes_.end()) return std::nullopt;
  return SnapshotOf(found->second);
}

std::optional<PodSnapshot> FleetView::FindPod(const PodKey& key) const {
  absl::MutexLock lock(&mutex_);
  const auto found = pods_.find(key);
  if (found == pods_.end()) return std::nullopt;
  return SnapshotOf(found->second);
}

std::optional<FleetSnapshot> FleetView::Find(const FleetRef& ref) const {
  const auto same_life = [&ref](const auto& snapshot) -> std::optional<FleetSnapshot> {
    if (!snapshot || snapshot->ref != ref) return std::nullopt;
    return *snapshot;
  };
  switch (ref->kind) {
    case FleetKind::kCluster:
      return same_life(FindCluster(ref->cluster));
    case FleetKind::kNode:
      return same_life(FindNode({ref->cluster, ref->name}));
    case FleetKind::kPod:
      return same_life(FindPod({ref->cluster, ref->name_space, ref->name}));
  }
  return std::nullopt;
}

std::vector<FleetSnapshot> FleetView::After(const FleetKey& key, size_t limit,
                                            const std::function<void(const FleetKey* last)>& read) const {
  std::vector<FleetSnapshot> out;
  absl::MutexLock lock(&mutex_);
  const FleetKey* last = nullptr;
  if (key.kind == FleetKind::kCluster) {
    for (auto at = clusters_.upper_bound(key.cluster); at != clusters_.end() && out.size() < limit; ++at) {
      out.emplace_back(at->second.state);
      last = at->second.state.ref.get();
    }
  }
  if (key.kind <= FleetKind::kNode) {
    const NodeKey from = key.kind == FleetKind::kNode ? NodeKey{key.cluster, key.name} : NodeKey{};
    for (auto at = nodes_.upper_bound(from); at != nodes_.end() && out.size() < limit; ++at) {
      out.emplace_back(SnapshotOf(at->second));
      last = at->second.state.ref.get();
    }
  }
  const PodKey from = key.kind == FleetKind::kPod ? PodKey{key.cluster, key.name_space, key.name} : PodKey{};
  for (auto at = pods_.upper_bound(from); at != pods_.end() && out.size() < limit; ++at) {
    out.emplace_back(SnapshotOf(at->second));
    last = at->second.ref.get();
  }
  if (read) read(out.size() < limit ? nullptr : last);
  return out;
}

void FleetView::AddListener(FleetListener& listener) {
  absl::MutexLock lock(&mutex_);
  listeners_.insert(&listener);
}

void FleetView::RemoveListener(FleetListener& listener) {
  absl::MutexLock lock(&mutex_);
  listeners_.erase(&listener);
}

}  // namespace evenkeel::coordinator
