#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "evenkeel/v1/report.pb.h"

namespace evenkeel::agent {

// What happened on the node and is not known to have reached the coordinator. Bounded: when it is full the
// oldest go, and how many is told with the next report. Pure; the caller synchronises.
//
// An occurrence stays until the report that carried it is confirmed, so that one lost with a connection is
// sent again in the next session. It can thus arrive twice, never in another order.
class Occurrences {
 public:
  static constexpr size_t kMost = 64;

  void Add(v1::NodeOccurrence occurrence);

  // There is something that no report of this session carries yet.
  bool HasUnsent() const { return carried_ < kept_.size() || dropped_ > 0; }

  // A new session begins: whatever was not confirmed is to be carried again.
  void Restart() { carried_ = 0; }

  // Puts what is unsent into `report`, which is the session's report number `number` (rising).
  void MoveInto(v1::Report& report, uint64_t number);

  // All reports up to `number` have arrived.
  void Confirm(uint64_t number);

 private:
  struct Kept {
    v1::NodeOccurrence occurrence;
    uint64_t report = 0;  // that carried it last
  };
  std::deque<Kept> kept_;  // the first `carried_` are in reports that are under way
  size_t carried_ = 0;
  uint32_t dropped_ = 0;
};

}  // namespace evenkeel::agent
