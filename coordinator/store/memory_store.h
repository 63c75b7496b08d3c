// A StateStore in memory: for tests, and the yardstick of the contract that RocksStore keeps too.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/store/history.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

// What would lie on the disk: it outlives the stores that open it, one after the other or, to see the older
// one fenced off (L7), at once.
struct MemoryDisk {
  absl::Mutex mutex;
  uint64_t epoch ABSL_GUARDED_BY(mutex) = 0;
  std::map<DecisionId, Decision> decisions ABSL_GUARDED_BY(mutex);
  std::map<NodeKey, NodeRecord> nodes ABSL_GUARDED_BY(mutex);
  std::map<std::string, Policy> policies ABSL_GUARDED_BY(mutex);
  std::map<std::string, ClusterRecord> clusters ABSL_GUARDED_BY(mutex);
  std::map<NodeKey, Maintenance> maintenances ABSL_GUARDED_BY(mutex);
  std::map<std::string, ScalerRecord> scalers ABSL_GUARDED_BY(mutex);  // by policy
  std::map<DecisionId, SwitchRecord> switches ABSL_GUARDED_BY(mutex);
  std::map<std::string, StandingRecord> standings ABSL_GUARDED_BY(mutex);  // by policy
};

class MemoryStore final : public StateStore {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>(),
                       HistoryBounds bounds = {});

  absl::StatusOr<Restored> Open() override;
  absl::Status Commit(const std::vector<Write>& writes) override;
  absl::StatusOr<Decision> GetDecision(DecisionId id) const override;
  absl::StatusOr<SwitchRecord> GetSwitch(DecisionId id) const override;
  absl::StatusOr<DecisionPage> ListDecisions(const DecisionFilter& filter, std::optional<DecisionId> from,
                                             size_t limit) const override;
  absl::StatusOr<Policy> GetPolicy(const std::string& name) const override;
  absl::StatusOr<std::vector<Policy>> ListPolicies() const override;
  absl::StatusOr<std::vector<Maintenance>> ListMaintenances() const override;

 private:
  const std::shared_ptr<MemoryDisk> disk_;
  uint64_t epoch_ = 0;  // 0 = not open
  History history_;
};

}  // namespace evenkeel::coordinator
