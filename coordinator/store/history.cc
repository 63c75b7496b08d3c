#include "coordinator/store/history.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

// When the decision ended; one that was only recorded (observed, refused) may never have been closed by its
// own name.
std::optional<absl::Time> EndOf(const Decision& decision) {
  if (decision.state == DecisionState::kOpen) return std::nullopt;
  if (decision.timings.closed) return decision.timings.closed;
  absl::Time latest = absl::InfinitePast();
  const Timings& timings = decision.timings;
  for (const auto& time : {timings.last_sign, timings.detected, timings.judged, timings.intended,
                           timings.acted, timings.recovered}) {
    if (time) latest = std::max(latest, *time);
  }
  return latest;
}

}  // namespace

void History::Put(const Decision& decision, size_t bytes) {
  Entry& entry = entries_[decision.id];
  if (entry.closed) closed_bytes_ -= entry.bytes + entry.beside;
  entry.bytes = bytes;
  entry.closed = EndOf(decision);
  if (entry.closed) {
    closed_bytes_ += entry.bytes + entry.beside;
    latest_close_ = std::max(latest_close_, *entry.closed);
  }
}

void History::PutBeside(const DecisionId& id, size_t bytes) {
  const auto entry = entries_.find(id);
  if (entry == entries_.end()) return;
  if (entry->second.closed) closed_bytes_ += bytes - entry->second.beside;
  entry->second.beside = bytes;
}

std::vector<DecisionId> History::TakeSurplus() {
  std::vector<DecisionId> surplus;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const Entry& entry = it->second;
    if (!entry.closed) {
      ++it;
      continue;
    }
    const bool too_old = *entry.closed < latest_close_ - bounds_.age;
    if (!too_old && closed_bytes_ <= bounds_.bytes) break;
    closed_bytes_ -= entry.bytes + entry.beside;
    surplus.push_back(it->first);
    it = entries_.erase(it);
  }
  return surplus;
}

}  // namespace evenkeel::coordinator
