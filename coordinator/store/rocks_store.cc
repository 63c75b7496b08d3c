#include "coordinator/store/rocks_store.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "coordinator/store/answers.h"
#include "coordinator/store/records.h"
#include "coordinator/store/rocks_database.h"
#include "coordinator/store/scale_records.h"
#include "coordinator/store/standing_records.h"
#include "coordinator/store/switch_records.h"

namespace evenkeel::coordinator {
namespace {

void AppendBigEndian(std::string& key, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>((value >> shift) & 0xff));
}

std::string KeyOf(DecisionId id) {
  std::string key;
  AppendBigEndian(key, id.epoch);
  AppendBigEndian(key, id.number);
  return key;
}

std::string KeyOf(const NodeKey& key) {
  return absl::StrCat(key.cluster, std::string(1, '\0'), key.node);
}

// The struct that lies in `bytes`; `what` names it in the error.
template <typename Record>
auto Decode(const rocksdb::Slice& bytes, absl::string_view what, const std::string& path)
    -> decltype(FromRecord(std::declval<const Record&>())) {
  Record record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return absl::DataLossError(absl::StrCat("a stored ", what, " in ", path,
                                            " cannot be read: put a checkpoint in the store's place, or move "
                                            "the folder away to start with an empty store"));
  }
  auto decoded = FromRecord(record);
  if (!decoded.ok()) return base::Annotate(decoded.status(), absl::StrCat("store in ", path));
  return decoded;
}

// The last write of each object in a batch: what lay between is nobody's business.
struct LastWrites {
  std::map<DecisionId, const Decision*> decisions;
  std::map<NodeKey, const NodeRecord*> nodes;     // null = deleted
  std::map<std::string, const Policy*> policies;  // null = erased
  std::map<std::string, const ClusterRecord*> clusters;
  std::map<NodeKey, const Maintenance*> maintenances;  // null = erased
  std::map<std::string, const ScalerRecord*> scalers;  // null = erased
  std::map<DecisionId, const StoredSwitch*> switches;
  std::map<std::string, const StandingRecord*> standings;  // null = erased
};

LastWrites Fold(const std::vector<Write>& writes) {
  LastWrites last;
  for (const Write& write : writes) {
    if (const auto* put = std::get_if<PutDecision>(&write)) {
      last.decisions[put->decision.id] = &put->decision;
    } else if (const auto* put = std::get_if<PutNodeRecord>(&write)) {
      last.nodes[put->record.key] = &put->record;
    } else if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) {
      last.nodes[erase->key] = nullptr;
    } else if (const auto* put = std::get_if<PutPolicy>(&write)) {
      last.policies[put->policy.name] = &put->policy;
    } else if (const auto* erase = std::get_if<ErasePolicy>(&write)) {
      last.policies[erase->name] = nullptr;
    } else if (const auto* put = std::get_if<PutClusterRecord>(&write)) {
      last.clusters[put->record.cluster] = &put->record;
    } else if (const auto* put = std::get_if<PutMaintenance>(&write)) {
      last.maintenances[put->maintenance.node] = &put->maintenance;
    } else if (const auto* erase = std::get_if<EraseMaintenance>(&write)) {
      last.maintenances[erase->node] = nullptr;
    } else if (const auto* put = std::get_if<PutScalerRecord>(&write)) {
      last.scalers[put->record.policy] = &put->record;
    } else if (const auto* erase = std::get_if<EraseScalerRecord>(&write)) {
      last.scalers[erase->policy] = nullptr;
    } else if (const auto* put = std::get_if<PutSwitchRecord>(&write)) {
      last.switches[put->stored.decision] = &put->stored;
    } else if (const auto* put = std::get_if<PutStandingRecord>(&write)) {
      last.standings[put->record.policy] = &put->record;
    } else if (const auto* erase = std::get_if<EraseStandingRecord>(&write)) {
      last.standings[erase->policy] = nullptr;
    }
  }
  return last;
}

}  // namespace

absl::StatusOr<std::unique_ptr<RocksStore>> RocksStore::At(const Options& options) {
  EVENKEEL_ASSIGN_OR_RETURN(std::shared_ptr<RocksDatabase> database,
                            RocksDatabase::Open({.path = options.path, .identity = options.identity}));
  return std::make_unique<RocksStore>(std::move(database), options.history);
}

RocksStore::RocksStore(std::shared_ptr<RocksDatabase> database, HistoryBounds history)
    : database_(std::move(database)), history_(history) {}

RocksStore::~RocksStore() = default;

absl::StatusOr<Restored> RocksStore::Open() {
  EVENKEEL_CHECK(epoch_ == 0) << "a store is opened once";
  EVENKEEL_ASSIGN_OR_RETURN(const uint64_t epoch, database_->RaiseEpoch());
  Restored restored{.epoch = epoch};
  const std::string& path = database_->path();

  // All of the history is read, which is bounded: it tells the open decisions and what the history weighs.
  auto scan = database_->Scan(RocksDatabase::kDecisions);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(Decision decision,
                              Decode<storage::v1::Decision>(scan->value(), "decision", path));
    history_.Put(decision, scan->value().size());
    if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(std::move(decision));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the decisions", path));

  scan = database_->Scan(RocksDatabase::kNodes);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(NodeRecord node, Decode<storage::v1::Node>(scan->value(), "node", path));
    restored.nodes.push_back(std::move(node));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the nodes", path));

  scan = database_->Scan(RocksDatabase::kClusters);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(ClusterRecord cluster,
                              Decode<storage::v1::Cluster>(scan->value(), "cluster", path));
    restored.clusters.push_back(std::move(cluster));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the clusters", path));

  scan = database_->Scan(RocksDatabase::kScalers);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(ScalerRecord scaler,
                              Decode<storage::v1::Scaler>(scan->value(), "scaler", path));
    restored.scalers.push_back(std::move(scaler));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the scalers", path));

  EVENKEEL_RETURN_IF_ERROR(ReadSwitches(restored));

  scan = database_->Scan(RocksDatabase::kStandings);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(StandingRecord one,
                              Decode<storage::v1::StandingSwitch>(scan->value(), "standing switch", path));
    restored.standings.push_back(std::move(one));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the standing switches", path));

  EVENKEEL_ASSIGN_OR_RETURN(restored.policies, ListPolicies());
  EVENKEEL_ASSIGN_OR_RETURN(restored.maintenances, ListMaintenances());
  epoch_ = epoch;
  return restored;
}

// All are read for what they weigh; those whose decisions are open go on.
absl::Status RocksStore::ReadSwitches(Restored& restored) {
  std::set<DecisionId> open;
  for (const Decision& decision : restored.open_decisions) open.insert(decision.id);
  const auto scan = database_->Scan(RocksDatabase::kSwitches);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(StoredSwitch one,
                              Decode<storage::v1::SwitchRecord>(scan->value(), "switch", database_->path()));
    history_.PutBeside(one.decision, scan->value().size());
    if (open.contains(one.decision)) restored.switches.push_back(std::move(one));
  }
  return FromRocks(scan->status(), "read the switches", database_->path());
}

absl::Status RocksStore::Commit(const std::vector<Write>& writes) {
  EVENKEEL_CHECK(epoch_ != 0) << "Open comes before Commit";
  const LastWrites last = Fold(writes);
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  const auto put = [&](RocksDatabase::Family family, const std::string& key, const std::string& value) {
    if (status.ok()) status = batch.Put(database_->handle(family), key, value);
  };
  const auto erase = [&](RocksDatabase::Family family, const std::string& key) {
    if (status.ok()) status = batch.Delete(database_->handle(family), key);
  };

  for (const auto& [id, decision] : last.decisions) {
    const std::string value = ToRecord(*decision).SerializeAsString();
    put(RocksDatabase::kDecisions, KeyOf(id), value);
    history_.Put(*decision, value.size());
  }
  for (const auto& [key, node] : last.nodes) {
    if (node == nullptr) {
      erase(RocksDatabase::kNodes, KeyOf(key));
    } else {
      put(RocksDatabase::kNodes, KeyOf(key), ToRecord(*node).SerializeAsString());
    }
  }
  for (const auto& [name, policy] : last.policies) {
    if (policy == nullptr) {
      erase(RocksDatabase::kPolicies, name);
    } else {
      put(RocksDatabase::kPolicies, name, ToRecord(*policy).SerializeAsString());
    }
  }
  for (const auto& [name, cluster] : last.clusters) {
    put(RocksDatabase::kClusters, name, ToRecord(*cluster).SerializeAsString());
  }
  for (const auto& [node, maintenance] : last.maintenances) {
    if (maintenance == nullptr) {
      erase(RocksDatabase::kMaintenances, KeyOf(node));
    } else {
      put(RocksDatabase::kMaintenances, KeyOf(node), ToRecord(*maintenance).SerializeAsString());
    }
  }
  for (const auto& [policy, scaler] : last.scalers) {
    if (scaler == nullptr) {
      erase(RocksDatabase::kScalers, policy);
    } else {
      put(RocksDatabase::kScalers, policy, ToRecord(*scaler).SerializeAsString());
    }
  }
  for (const auto& [id, one] : last.switches) {
    const std::string value = ToRecord(*one).SerializeAsString();
    put(RocksDatabase::kSwitches, KeyOf(id), value);
    history_.PutBeside(id, value.size());
  }
  for (const auto& [policy, one] : last.standings) {
    if (one == nullptr) {
      erase(RocksDatabase::kStandings, policy);
    } else {
      put(RocksDatabase::kStandings, policy, ToRecord(*one).SerializeAsString());
    }
  }
  for (const DecisionId& id : history_.TakeSurplus()) {
    erase(RocksDatabase::kDecisions, KeyOf(id));
    erase(RocksDatabase::kSwitches, KeyOf(id));
  }

  EVENKEEL_RETURN_IF_ERROR(FromRocks(status, "gather a batch", database_->path()));
  return database_->Write(batch, epoch_);
}

absl::StatusOr<Decision> RocksStore::GetDecision(DecisionId id) const {
  const absl::StatusOr<std::string> bytes = database_->Get(RocksDatabase::kDecisions, KeyOf(id));
  if (absl::IsNotFound(bytes.status())) return NoSuchDecision(id);
  EVENKEEL_RETURN_IF_ERROR(bytes.status());
  return Decode<storage::v1::Decision>(*bytes, "decision", database_->path());
}

absl::StatusOr<SwitchRecord> RocksStore::GetSwitch(DecisionId id) const {
  const absl::StatusOr<std::string> bytes = database_->Get(RocksDatabase::kSwitches, KeyOf(id));
  if (absl::IsNotFound(bytes.status())) return NoSuchSwitch(id);
  EVENKEEL_RETURN_IF_ERROR(bytes.status());
  EVENKEEL_ASSIGN_OR_RETURN(StoredSwitch one,
                            Decode<storage::v1::SwitchRecord>(*bytes, "switch", database_->path()));
  return std::move(one.record);
}

absl::StatusOr<DecisionPage> RocksStore::ListDecisions(const DecisionFilter& filter,
                                                       std::optional<DecisionId> from, size_t limit) const {
  DecisionPage page;
  const auto scan = database_->Scan(RocksDatabase::kDecisions);
  if (from) {
    scan->SeekForPrev(KeyOf(*from));
  } else {
    scan->SeekToLast();
  }
  for (; scan->Valid(); scan->Prev()) {
    EVENKEEL_ASSIGN_OR_RETURN(Decision decision,
                              Decode<storage::v1::Decision>(scan->value(), "decision", database_->path()));
    if (!Matches(filter, decision)) continue;
    if (page.decisions.size() == limit) {
      page.next = decision.id;
      break;
    }
    page.decisions.push_back(std::move(decision));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the decisions", database_->path()));
  return page;
}

absl::StatusOr<Policy> RocksStore::GetPolicy(const std::string& name) const {
  const absl::StatusOr<std::string> bytes = database_->Get(RocksDatabase::kPolicies, name);
  if (absl::IsNotFound(bytes.status())) return NoSuchPolicy(name);
  EVENKEEL_RETURN_IF_ERROR(bytes.status());
  return Decode<storage::v1::Policy>(*bytes, "policy", database_->path());
}

absl::StatusOr<std::vector<Policy>> RocksStore::ListPolicies() const {
  std::vector<Policy> policies;
  const auto scan = database_->Scan(RocksDatabase::kPolicies);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(Policy policy,
                              Decode<storage::v1::Policy>(scan->value(), "policy", database_->path()));
    policies.push_back(std::move(policy));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the policies", database_->path()));
  return policies;
}

absl::StatusOr<std::vector<Maintenance>> RocksStore::ListMaintenances() const {
  std::vector<Maintenance> maintenances;
  const auto scan = database_->Scan(RocksDatabase::kMaintenances);
  for (scan->SeekToFirst(); scan->Valid(); scan->Next()) {
    EVENKEEL_ASSIGN_OR_RETURN(Maintenance maintenance, Decode<storage::v1::Maintenance>(
                                                           scan->value(), "maintenance", database_->path()));
    maintenances.push_back(std::move(maintenance));
  }
  EVENKEEL_RETURN_IF_ERROR(FromRocks(scan->status(), "read the maintenances", database_->path()));
  return maintenances;
}

absl::Status RocksStore::Checkpoint(const std::string& path) const {
  return database_->Checkpoint(path);
}

const std::string& RocksStore::store_id() const {
  return database_->store_id();
}

}  // namespace evenkeel::coordinator
