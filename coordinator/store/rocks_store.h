// The coordinator's default store: RocksDB in a folder of its own.
//
// One column family a kind of record:
//   meta       "meta"                             storage.v1.Meta: format, identity, store id, epoch
//   decisions  epoch, number (8 bytes each, big-endian, so that keys sort by time)   storage.v1.Decision
//   nodes      cluster, NUL, node                 storage.v1.Node
//   policies   name                               storage.v1.Policy
//   clusters   name                               storage.v1.Cluster
//   maintenances  cluster, NUL, node              storage.v1.Maintenance
//   scalers    policy                             storage.v1.Scaler
//   switches   as decisions                       storage.v1.SwitchRecord
// A family that an older coordinator did not know is made when its store is opened.
//
// Every Commit is one synced batch. History is bounded (history.h), and so are write buffers, logs and open
// files: some 10 MB of memory, and on the disk a small multiple of the history.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "coordinator/store/history.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

class RocksDatabase;

class RocksStore final : public StateStore {
 public:
  struct Options {
    std::string path;      // folder; made when it is not there
    std::string identity;  // the installation; a store that belongs to another one is refused
    HistoryBounds history;
  };

  // Opens or makes the store, and checks that it is ours. FAILED_PRECONDITION: another process has it open,
  // it belongs to another installation, or its format is newer. DATA_LOSS: it is damaged. RESOURCE_EXHAUSTED:
  // the disk is full.
  static absl::StatusOr<std::unique_ptr<RocksStore>> At(const Options& options);

  // A store on a database that is open already; several may share one, and only the one that was opened last
  // may write.
  RocksStore(std::shared_ptr<RocksDatabase> database, HistoryBounds history);
  ~RocksStore() override;

  absl::StatusOr<Restored> Open() override;
  absl::Status Commit(const std::vector<Write>& writes) override;
  absl::StatusOr<Decision> GetDecision(DecisionId id) const override;
  absl::StatusOr<SwitchRecord> GetSwitch(DecisionId id) const override;
  absl::StatusOr<DecisionPage> ListDecisions(const DecisionFilter& filter, std::optional<DecisionId> from,
                                             size_t limit) const override;
  absl::StatusOr<Policy> GetPolicy(const std::string& name) const override;
  absl::StatusOr<std::vector<Policy>> ListPolicies() const override;
  absl::StatusOr<std::vector<Maintenance>> ListMaintenances() const override;

  // A consistent copy of all that is committed, in the new folder `path` (its parent must exist), which At
  // can open. Costs hard links where `path` is on the same file system. Any thread.
  absl::Status Checkpoint(const std::string& path) const;

  // Random, made with the store.
  const std::string& store_id() const;

 private:
  absl::Status ReadSwitches(Restored& restored);

  const std::shared_ptr<RocksDatabase> database_;
  uint64_t epoch_ = 0;  // 0 = not open
  History history_;
};

}  // namespace evenkeel::coordinator
