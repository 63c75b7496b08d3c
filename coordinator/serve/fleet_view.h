// The read model: the whole fleet as operators see it, put together from what Kubernetes shows
// (FleetObserver), what the agents report (ReportSink) and what the core judged (notices). It decides nothing
// and nothing is decided by it.
//
// Threading: every function may be called from any thread. Each update costs O(what changed); each read holds
// the lock for at most a bounded number of entries, so that neither beats nor the core's loop wait for a long
// listing. Memory: what the fleet has now, and nothing of what is gone.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "common/time/clock.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/ids.h"
#include "coordinator/observe/fleet_observer.h"
#include "coordinator/serve/fleet_snapshot.h"
#include "coordinator/session/report_sink.h"

namespace evenkeel::coordinator {

// Told of every change, under the view's lock: must only note it, and must not call the view.
class FleetListener {
 public:
  virtual ~FleetListener() = default;
  // The resource is new or changed.
  virtual void OnChanged(const FleetRef& ref) = 0;
  // The resource is gone; `last` is how it was.
  virtual void OnGone(const FleetRef& ref, std::shared_ptr<const FleetSnapshot> last) = 0;
};

class FleetView final : public FleetObserver, public ReportSink {
 public:
  // `clusters`: those that the coordinator is started with; they are shown from the beginning. `clock`
  // outlives the view.
  FleetView(const std::set<std::string>& clusters, const time::Clock& clock);

  // ---- updates ----
  void OnApi(const ObservedApi& api) override;
  void OnNode(const ObservedNode& node) override;
  void OnNodeGone(const NodeKey& key) override;
  void OnPod(const ObservedPod& pod) override;
  void OnPodGone(const PodKey& key) override;

  void OnSessionOpened(const NodeKey& node, const SessionDescription& session) override;
  void OnReport(const NodeKey& node, uint64_t session_id, const v1::Report& report) override;
  void OnSessionClosed(const NodeKey& node, uint64_t session_id, const std::string& reason) override;

  void OnNotice(const Notice& notice);

  // ---- reads ----
  std::optional<ClusterSnapshot> FindCluster(const std::string& cluster) const;
  std::optional<NodeSnapshot> FindNode(const NodeKey& key) const;
  std::optional<PodSnapshot> FindPod(const PodKey& key) const;
  // The resource in the life that `ref` names; nothing when that is over.
  std::optional<FleetSnapshot> Find(const FleetRef& ref) const;

  // At most `limit` resources that follow `key` in the order of FleetKey; fewer when there are no more.
  // `read`, when set, is called under the lock with the last key returned, or with null when nothing follows:
  // what listeners are told from then on is later than what was read.
  std::vector<FleetSnapshot> After(const FleetKey& key, size_t limit,
                                   const std::function<void(const FleetKey* last)>& read = nullptr) const;

  // From now on `listener` is told of all changes, until it is removed; no call runs any more after Remove
  // returned.
  void AddListener(FleetListener& listener);
  void RemoveListener(FleetListener& listener);

 private:
  struct Cluster {
    ClusterSnapshot state;
  };
  struct Node {
    NodeSnapshot state;  // `pods`, `open_decision` and `maintenance` are kept apart: they may be known before
                         // their node
    absl::flat_hash_map<std::string, std::shared_ptr<const v1::PodReport>> pod_reports;  // by uid
  };
  struct Pod {
    FleetRef ref;
    std::shared_ptr<const ObservedPod> observed;
  };

  Cluster& ClusterOf(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Node& NodeOf(const NodeKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemoveNode(const NodeKey& key) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RemovePod(std::map<PodKey, Pod>::iterator pod) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  NodeSnapshot SnapshotOf(const Node& node) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  PodSnapshot SnapshotOf(const Pod& pod) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CountPod(const ObservedPod& pod, int difference) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ApplyReport(Node& node, const NodeKey& key, const v1::Report& report)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetPodReports(Node& node, const std::string& cluster) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnVerdict(const VerdictChanged& verdict) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void SetVerdict(Node& node, const VerdictChanged& verdict) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnSight(const SightChanged& sight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnDomainSight(const DomainSightChanged& sight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnPatience(const PatienceChanged& patience) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnMaintenance(const MaintenanceChanged& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnPause(const PauseChanged& change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OnDecision(const Decision& decision) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void Gone(const FleetRef& ref, FleetSnapshot last) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Changed(const FleetRef& ref) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PodReportChanged(const std::string& cluster, const v1::PodReport& report)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const time::Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Cluster> clusters_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeKey, Node> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<PodKey, Pod> pods_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeKey, uint32_t> pods_on_node_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeKey, DecisionId> open_decisions_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeKey, Maintenance> maintenances_ ABSL_GUARDED_BY(mutex_);
  std::map<NodeKey, VerdictChanged> early_verdicts_
      ABSL_GUARDED_BY(mutex_);  // of nodes not shown yet; bounded
  std::set<FleetListener*> listeners_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
