// A StateStore on a disk that can betray it. The disk outlives the stores that open it: a coordinator dies
// with its store, the next one opens what is durable.
//
// Faults come by chance from the knobs, or by order.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/store/state_store.h"
#include "tests/simulation/dice.h"
#include "tests/simulation/knobs.h"
#include "tests/simulation/marks.h"

namespace evenkeel::simulation {

// What a commit meets.
enum class CommitFault {
  kNone,
  kCrashBefore,  // power fails with the batch not yet synced: it is lost
  kCrashAfter,   // it is durable, and nothing follows
  kSyncError,    // the engine reports an error; the batch may be durable or not
  kDiskFull,     // the engine reports an error, and it is not
  kSlow,         // durable, but late
  kOvertaken,    // durable, and at this instant another process takes over
};

// What is durable.
struct SimulatedDisk {
  uint64_t epoch = 0;
  std::map<coordinator::DecisionId, coordinator::Decision> decisions;
  std::map<coordinator::NodeKey, coordinator::NodeRecord> nodes;
  std::map<std::string, coordinator::Policy> policies;
  std::map<std::string, coordinator::ClusterRecord> clusters;
  std::map<coordinator::NodeKey, coordinator::Maintenance> maintenances;
  std::map<std::string, coordinator::ScalerRecord> scalers;  // by policy
  std::map<coordinator::DecisionId, coordinator::SwitchRecord> switches;
  std::map<std::string, coordinator::StandingRecord> standings;  // by policy

  void Take(const coordinator::Write& write);
};

class SimulatedStore final : public coordinator::StateStore {
 public:
  // All outlive the store.
  SimulatedStore(SimulatedDisk& disk, const Knobs& knobs, Dice& dice, Marks& marks)
      : disk_(disk), knobs_(knobs), dice_(dice), marks_(marks) {}

  // The next commit of a decision with an action that is handed out meets it, whatever the knobs say.
  void Order(CommitFault fault) { ordered_ = fault; }

  // ---- of the last commit ----
  uint64_t epoch() const { return epoch_; }
  bool died() const { return died_; }  // the process is no more: nothing follows
  absl::Duration took() const { return took_; }
  CommitFault met() const { return met_; }
  const std::vector<coordinator::Write>& durable() const { return durable_; }  // what it added to the disk

  absl::StatusOr<coordinator::Restored> Open() override;
  absl::Status Commit(const std::vector<coordinator::Write>& writes) override;
  absl::StatusOr<coordinator::Decision> GetDecision(coordinator::DecisionId id) const override;
  absl::StatusOr<coordinator::SwitchRecord> GetSwitch(coordinator::DecisionId id) const override;
  absl::StatusOr<coordinator::DecisionPage> ListDecisions(const coordinator::DecisionFilter& filter,
                                                          std::optional<coordinator::DecisionId> from,
                                                          size_t limit) const override;
  absl::StatusOr<coordinator::Policy> GetPolicy(const std::string& name) const override;
  absl::StatusOr<std::vector<coordinator::Policy>> ListPolicies() const override;
  absl::StatusOr<std::vector<coordinator::Maintenance>> ListMaintenances() const override;

 private:
  CommitFault Meet(const std::vector<coordinator::Write>& writes);

  SimulatedDisk& disk_;
  const Knobs& knobs_;
  Dice& dice_;
  Marks& marks_;
  uint64_t epoch_ = 0;  // 0 = not open
  CommitFault ordered_ = CommitFault::kNone;
  bool died_ = false;
  absl::Duration took_;
  CommitFault met_ = CommitFault::kNone;
  std::vector<coordinator::Write> durable_;
};

}  // namespace evenkeel::simulation
