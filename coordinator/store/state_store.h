// Where the coordinator's state survives. The interface asks for no more than both an embedded and a
// replicated engine can give: atomic batches guarded by an epoch, point reads, ordered scans.
//
// Threading: Commit from one thread (the runtime's loop); reads from any.
// Durability: when Commit returns OK the batch survives a loss of power; when it returns an error the caller
// must stop the process, because what is on the disk is no longer known (L3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/core/core.h"
#include "coordinator/core/effects.h"

namespace evenkeel::coordinator {

// A workload as people name it in a listing.
struct WorkloadFilter {
  std::string kinds;  // in lower-case letters and in the plural: "deployments"
  std::string name_space;
  std::string name;  // empty = all decisions, also those that are about no workload
};

// Which decisions a listing wants.
struct DecisionFilter {
  std::string cluster;  // empty = all
  std::string node;     // empty = all
  WorkloadFilter workload;
  std::vector<DecisionKind> kinds;  // empty = all
};

struct DecisionPage {
  std::vector<Decision> decisions;  // newest first
  std::optional<DecisionId> next;   // `from` of the next page; none = at the end
};

class StateStore {
 public:
  virtual ~StateStore() = default;

  // Raises the epoch durably and returns what a new coordinator starts from. Once, before any Commit.
  virtual absl::StatusOr<Restored> Open() = 0;

  // Makes all of `writes` durable or none. FAILED_PRECONDITION: a newer epoch has opened the store (L7).
  virtual absl::Status Commit(const std::vector<Write>& writes) = 0;

  virtual absl::StatusOr<Decision> GetDecision(DecisionId id) const = 0;  // NOT_FOUND
  // The record of the switch that the decision is, as it was written last. It goes with its decision.
  virtual absl::StatusOr<SwitchRecord> GetSwitch(DecisionId id) const = 0;  // NOT_FOUND
  // At most `limit` decisions at or before `from` (none = the newest).
  virtual absl::StatusOr<DecisionPage> ListDecisions(const DecisionFilter& filter,
                                                     std::optional<DecisionId> from, size_t limit) const = 0;
  virtual absl::StatusOr<Policy> GetPolicy(const std::string& name) const = 0;    // NOT_FOUND
  virtual absl::StatusOr<std::vector<Policy>> ListPolicies() const = 0;           // by name
  virtual absl::StatusOr<std::vector<Maintenance>> ListMaintenances() const = 0;  // by cluster and node
};

}  // namespace evenkeel::coordinator
