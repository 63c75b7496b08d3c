#include "tests/simulation/simulated_store.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/base/check.h"
#include "coordinator/store/answers.h"

namespace evenkeel::simulation {

using namespace coordinator;  // it speaks the store's language

namespace {

const char* MarkOf(CommitFault fault) {
  switch (fault) {
    case CommitFault::kNone:
      return "commit";
    case CommitFault::kCrashBefore:
      return "crash before the commit is durable";
    case CommitFault::kCrashAfter:
      return "crash after the commit";
    case CommitFault::kSyncError:
      return "sync error";
    case CommitFault::kDiskFull:
      return "disk full";
    case CommitFault::kSlow:
      return "slow sync";
    case CommitFault::kOvertaken:
      return "overtaken after the commit";
  }
  return "";
}

bool HandsOut(const std::vector<Write>& writes) {
  return std::any_of(writes.begin(), writes.end(), [](const Write& write) {
    const auto* put = std::get_if<PutDecision>(&write);
    return put != nullptr &&
           std::any_of(put->decision.actions.begin(), put->decision.actions.end(),
                       [](const Action& action) { return action.state == ActionState::kReleased; });
  });
}

}  // namespace

void SimulatedDisk::Take(const Write& write) {
  if (const auto* put = std::get_if<PutDecision>(&write)) {
    decisions[put->decision.id] = put->decision;
  } else if (const auto* put = std::get_if<PutNodeRecord>(&write)) {
    nodes[put->record.key] = put->record;
  } else if (const auto* erase = std::get_if<DeleteNodeRecord>(&write)) {
    nodes.erase(erase->key);
  } else if (const auto* put = std::get_if<PutPolicy>(&write)) {
    policies[put->policy.name] = put->policy;
  } else if (const auto* erase = std::get_if<ErasePolicy>(&write)) {
    policies.erase(erase->name);
  } else if (const auto* put = std::get_if<PutClusterRecord>(&write)) {
    clusters[put->record.cluster] = put->record;
  } else if (const auto* put = std::get_if<PutMaintenance>(&write)) {
    maintenances[put->maintenance.node] = put->maintenance;
  } else if (const auto* erase = std::get_if<EraseMaintenance>(&write)) {
    maintenances.erase(erase->node);
  } else if (const auto* put = std::get_if<PutScalerRecord>(&write)) {
    scalers[put->record.policy] = put->record;
  } else if (const auto* erase = std::get_if<EraseScalerRecord>(&write)) {
    scalers.erase(erase->policy);
  } else if (const auto* put = std::get_if<PutSwitchRecord>(&write)) {
    switches[put->stored.decision] = put->stored.record;
  } else if (const auto* put = std::get_if<PutStandingRecord>(&write)) {
    standings[put->record.policy] = put->record;
  } else if (const auto* erase = std::get_if<EraseStandingRecord>(&write)) {
    standings.erase(erase->policy);
  }
}

absl::StatusOr<Restored> SimulatedStore::Open() {
  EVENKEEL_CHECK(epoch_ == 0) << "a store is opened once";
  epoch_ = ++disk_.epoch;
  Restored restored;
  restored.epoch = epoch_;
  for (const auto& [id, decision] : disk_.decisions) {
    if (decision.state == DecisionState::kOpen) restored.open_decisions.push_back(decision);
  }
  for (const auto& [key, record] : disk_.nodes) restored.nodes.push_back(record);
  for (const auto& [name, policy] : disk_.policies) restored.policies.push_back(policy);
  for (const auto& [name, cluster] : disk_.clusters) restored.clusters.push_back(cluster);
  for (const auto& [node, maintenance] : disk_.maintenances) restored.maintenances.push_back(maintenance);
  for (const auto& [policy, scaler] : disk_.scalers) restored.scalers.push_back(scaler);
  for (const auto& [policy, one] : disk_.standings) restored.standings.push_back(one);
  for (const Decision& decision : restored.open_decisions) {
    const auto one = disk_.switches.find(decision.id);
    if (one != disk_.switches.end()) restored.switches.push_back({one->first, one->second});
  }
  return restored;
}

CommitFault SimulatedStore::Meet(const std::vector<Write>& writes) {
  if (ordered_ != CommitFault::kNone && HandsOut(writes)) return std::exchange(ordered_, CommitFault::kNone);
  if (dice_.Chance(knobs_.crash_before_commit)) return CommitFault::kCrashBefore;
  if (dice_.Chance(knobs_.crash_after_commit)) return CommitFault::kCrashAfter;
  if (dice_.Chance(knobs_.sync_fails)) return CommitFault::kSyncError;
  if (dice_.Chance(knobs_.disk_full)) return CommitFault::kDiskFull;
  if (dice_.Chance(knobs_.slow_sync)) return CommitFault::kSlow;
  return CommitFault::kNone;
}

absl::Status SimulatedStore::Commit(const std::vector<Write>& writes) {
  EVENKEEL_CHECK(epoch_ != 0 && !died_) << "a commit outside the store's life";
  durable_.clear();
  took_ = absl::ZeroDuration();
  met_ = CommitFault::kNone;
  if (disk_.epoch != epoch_) {
    marks_.Hit("commit of an older epoch");
    return SupersededEpoch(epoch_, disk_.epoch);  // L7
  }
  met_ = Meet(writes);
  marks_.Hit(MarkOf(met_));
  const bool lost = met_ == CommitFault::kCrashBefore || met_ == CommitFault::kDiskFull ||
                    (met_ == CommitFault::kSyncError && dice_.Chance(500));
  if (!lost) {
    for (const Write& write : writes) disk_.Take(write);
    durable_ = writes;
  }
  died_ = met_ == CommitFault::kCrashBefore || met_ == CommitFault::kCrashAfter;
  if (met_ == CommitFault::kSlow) took_ = dice_.Between(absl::Milliseconds(50), knobs_.sync_delay);
  if (met_ == CommitFault::kSyncError) return absl::InternalError("fsync: Input/output error");
  if (met_ == CommitFault::kDiskFull) return absl::ResourceExhaustedError("write: No space left on device");
  return absl::OkStatus();
}

absl::StatusOr<Decision> SimulatedStore::GetDecision(DecisionId id) const {
  const auto found = disk_.decisions.find(id);
  if (found == disk_.decisions.end()) return NoSuchDecision(id);
  return found->second;
}

absl::StatusOr<SwitchRecord> SimulatedStore::GetSwitch(DecisionId id) const {
  const auto found = disk_.switches.find(id);
  if (found == disk_.switches.end()) return NoSuchSwitch(id);
  return found->second;
}

absl::StatusOr<DecisionPage> SimulatedStore::ListDecisions(const DecisionFilter& filter,
                                                           std::optional<DecisionId> from,
                                                           size_t limit) const {
  DecisionPage page;
  auto after = from ? disk_.decisions.upper_bound(*from) : disk_.decisions.end();
  while (after != disk_.decisions.begin()) {
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

absl::StatusOr<Policy> SimulatedStore::GetPolicy(const std::string& name) const {
  const auto found = disk_.policies.find(name);
  if (found == disk_.policies.end()) return NoSuchPolicy(name);
  return found->second;
}

absl::StatusOr<std::vector<Policy>> SimulatedStore::ListPolicies() const {
  std::vector<Policy> policies;
  for (const auto& [name, policy] : disk_.policies) policies.push_back(policy);
  return policies;
}

absl::StatusOr<std::vector<Maintenance>> SimulatedStore::ListMaintenances() const {
  std::vector<Maintenance> maintenances;
  for (const auto& [node, maintenance] : disk_.maintenances) maintenances.push_back(maintenance);
  return maintenances;
}

}  // namespace evenkeel::simulation
