#include "coordinator/store/memory_store.h"

#include <utility>

#include "common/base/check.h"
#include "coordinator/store/answers.h"
#include "coordinator/store/records.h"
#include "coordinator/store/switch_records.h"

namespace evenkeel::coordinator {

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk, HistoryBounds bounds)
    : disk_(std::move(disk)), history_(bounds) {}

absl::StatusOr<Restored> MemoryStore::Open() {
  EVENKEEL_CHECK(epoch_ == 0) << "a store is opened once";
  absl::MutexLock lock(&disk_->mutex);
  epoch_ = ++disk_->epoch;
  Restored restored{.epoch = epoch_};
  for (const auto& [id, decision] : disk_->decisions) {
    history_.Put(decision, ToRecord(decision).ByteSizeLong());
    if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
  }
  for (const auto& [id, one] : disk_->switches) {
    history_.PutBeside(id, ToRecord(StoredSwitch{id, one}).ByteSizeLong());
    const auto decision = disk_->decisions.find(id);
    const bool open = decision != disk_->decisions.end() && decision->second.state == DecisionState::kOpen;
    if (open) restored.switches.push_back({id, one});
  }
  for (const auto& [key, node] : disk_->nodes) restored.nodes.push_back(node);
  for (const auto& [name, policy] : disk_->policies) restored.policies.push_back(policy);
  for (const auto& [name, cluster] : disk_->clusters) restored.clusters.push_back(cluster);
  for (const auto& [node, maintenance] : disk_->maintenances) restored.maintenances.push_back(maintenance);
  for (const auto& [policy, scaler] : disk_->scalers) restored.scalers.push_back(scaler);
  for (const auto& [policy, one] : disk_->standings) restored.standings.push_back(one);
  return restored;
}

absl::Status MemoryStore::Commit(const std::vector<Write>& writes) {
  EVENKEEL_CHECK(epoch_ != 0) << "Open comes before Commit";
  absl::MutexLock lock(&disk_->mutex);
  if (disk_->epoch != epoch_) return SupersededEpoch(epoch_, disk_->epoch);
  for (const Write& write : writes) {
    if (const auto* put = std::get_if<PutDecision>(&write)) {
      disk_->decisions[put->decision.id] = put->decision;
      history_.Put(put->decision, ToRecord(put->decision).ByteSizeLong());
    } else if (const auto* put = std::get_if<PutNodeRecord>(&write)) {
      disk_->nodes[put->record.key] = put->record;
    } else if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) {
      disk_->nodes.erase(erase->key);
    } else if (const auto* put = std::get_if<PutPolicy>(&write)) {
      disk_->policies[put->policy.name] = put->policy;
    } else if (const auto* erase = std::get_if<ErasePolicy>(&write)) {
      disk_->policies.erase(erase->name);
    } else if (const auto* put = std::get_if<PutClusterRecord>(&write)) {
      disk_->clusters[put->record.cluster] = put->record;
    } else if (const auto* put = std::get_if<PutMaintenance>(&write)) {
      disk_->maintenances[put->maintenance.node] = put->maintenance;
    } else if (const auto* erase = std::get_if<EraseMaintenance>(&write)) {
      disk_->maintenances.erase(erase->node);
    } else if (const auto* put = std::get_if<PutScalerRecord>(&write)) {
      disk_->scalers[put->record.policy] = put->record;
    } else if (const auto* erase = std::get_if<EraseScalerRecord>(&write)) {
      disk_->scalers.erase(erase->policy);
    } else if (const auto* put = std::get_if<PutSwitchRecord>(&write)) {
      disk_->switches[put->stored.decision] = put->stored.record;
    } else if (const auto* put = std::get_if<PutStandingRecord>(&write)) {
      disk_->standings[put->record.policy] = put->record;
    } else if (const auto* erase = std::get_if<EraseStandingRecord>(&write)) {
      disk_->standings.erase(erase->policy);
    }
  }
  // A decision may come after its record in a batch.
  for (const Write& write : writes) {
    if (const auto* put = std::get_if<PutSwitchRecord>(&write)) {
      history_.PutBeside(put->stored.decision, ToRecord(put->stored).ByteSizeLong());
    }
  }
  for (const DecisionId& id : history_.TakeSurplus()) {
    disk_->decisions.erase(id);
    disk_->switches.erase(id);
  }
  return absl::OkStatus();
}

absl::StatusOr<Decision> MemoryStore::GetDecision(DecisionId id) const {
  absl::MutexLock lock(&disk_->mutex);
  const auto found = disk_->decisions.find(id);
  if (found == disk_->decisions.end()) return NoSuchDecision(id);
  return found->second;
}

absl::StatusOr<SwitchRecord> MemoryStore::GetSwitch(DecisionId id) const {
  absl::MutexLock lock(&disk_->mutex);
  const auto found = disk_->switches.find(id);
  if (found == disk_->switches.end()) return NoSuchSwitch(id);
  return found->second;
}

absl::StatusOr<DecisionPage> MemoryStore::ListDecisions(const DecisionFilter& filter,
                                                        std::optional<DecisionId> from, size_t limit) const {
  absl::MutexLock lock(&disk_->mutex);
  DecisionPage page;
  auto after = from ? disk_->decisions.upper_bound(*from) : disk_->decisions.end();
  while (after != disk_->decisions.begin()) {
    --after;
    if (!Matches(filter, after->second)) continue;
    if (page.decisions.size() == limit) {
      page.next = after->first;
      break;
    }
    page.decisions.push_back(after->second);
  }
  return page;
}

absl::StatusOr<Policy> MemoryStore::GetPolicy(const std::string& name) const {
  absl::MutexLock lock(&disk_->mutex);
  const auto found = disk_->policies.find(name);
  if (found == disk_->policies.end()) return NoSuchPolicy(name);
  return found->second;
}

absl::StatusOr<std::vector<Policy>> MemoryStore::ListPolicies() const {
  absl::MutexLock lock(&disk_->mutex);
  std::vector<Policy> policies;
  for (const auto& [name, policy] : disk_->policies) policies.push_back(policy);
  return policies;
}

absl::StatusOr<std::vector<Maintenance>> MemoryStore::ListMaintenances() const {
  absl::MutexLock lock(&disk_->mutex);
  std::vector<Maintenance> maintenances;
  for (const auto& [node, maintenance] : disk_->maintenances) maintenances.push_back(maintenance);
  return maintenances;
}

}  // namespace evenkeel::coordinator
