// All switches that there are to show: those under way as the core tells of them, and those that have ended
// as the store holds them, for as long as it holds their decisions.
//
// Threading: any thread; reads the store. Costs: List O(the page), Resolve by a name that nothing under way
// has O(kNamesLookedBack).
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/store/state_store.h"
#include "evenkeel/v1/switch.pb.h"

namespace evenkeel::coordinator {

class SwitchCatalog {
 public:
  // Of so many switches the name is still known when they have ended; older ones are found by their decision.
  static constexpr size_t kNamesLookedBack = 100;

  // Both outlive this.
  SwitchCatalog(const StateStore& store, const SwitchFeed& feed) : store_(store), feed_(feed) {}

  // `id`: its name, or its decision's id. Of a name: the one under way, else the last that had it. NOT_FOUND.
  absl::StatusOr<DecisionId> Resolve(const std::string& id) const;

  // As it is now. NOT_FOUND.
  absl::StatusOr<v1::Switch> Show(const DecisionId& decision) const;
  // With what the store holds, though the core may not have told it yet: what was ordered is in it.
  // NOT_FOUND.
  absl::StatusOr<v1::Switch> ShowRecorded(const DecisionId& decision) const;

  // INVALID_ARGUMENT names the field.
  absl::Status List(const v1::ListSwitchesRequest& request, v1::ListSwitchesResponse& response) const;

 private:
  absl::StatusOr<v1::Switch> Show(const Decision& decision) const;
  absl::Status ListOpen(const DecisionId* from, size_t page_size, v1::ListSwitchesResponse& response,
                        std::string& next) const;

  const StateStore& store_;
  const SwitchFeed& feed_;
};

}  // namespace evenkeel::coordinator
