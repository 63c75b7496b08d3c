// How much history a store keeps: which closed decisions are to be dropped, oldest first.
//
// Open decisions are never dropped: they are intents (L3). Age is counted from the latest close in the store
// and not from a clock, so that a store that lay idle for a year still tells what happened last.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"

namespace evenkeel::coordinator {

struct HistoryBounds {
  absl::Duration age = absl::Hours(24 * 90);
  size_t bytes = size_t{32} << 20;  // of closed decisions as they are stored
};

// Memory: some 100 bytes a decision. One thread.
class History {
 public:
  explicit History(HistoryBounds bounds) : bounds_(bounds) {}

  // `decision` now takes `bytes`; whatever was known of it before is replaced.
  void Put(const Decision& decision, size_t bytes);

  // Beside the decision, which is known, there lie `bytes` that go with it, in place of those that did.
  void PutBeside(const DecisionId& id, size_t bytes);

  // Takes out, and returns, the closed decisions that the bounds no longer have room for.
  std::vector<DecisionId> TakeSurplus();

 private:
  struct Entry {
    size_t bytes = 0;
    size_t beside = 0;
    std::optional<absl::Time> closed;  // none: open
  };

  const HistoryBounds bounds_;
  std::map<DecisionId, Entry> entries_;
  size_t closed_bytes_ = 0;
  absl::Time latest_close_ = absl::InfinitePast();
};

}  // namespace evenkeel::coordinator
