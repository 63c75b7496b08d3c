#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/time/time.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::agent {

// What happened on the node and is not known to have reached the coordinator. Bounded: when it is full the
// oldest go, and how many is told with the next report. Pure; the caller synchronises.
//
// An occurrence stays until the report that carried it is confirmed, so that one lost with a connection is
// sent again in the next session. What the kernel said is judged long after it was said, and whoever
// listens in the next session may be another coordinator: so that is sent again, too, while it is young. It
// can thus arrive twice, never in another order.
class Occurrences {
 public:
  static constexpr size_t kMost = 64;
  // How old what the kernel said may be to be told again in a new session; as long as a coordinator may judge
  // a node by it.
  static constexpr absl::Duration kYoung = absl::Hours(24);

  void Add(v1::NodeOccurrence occurrence);

  // There is something that no report of this session carries yet.
  bool HasUnsent() const { return carried_ < kept_.size() || dropped_ > 0; }

  // A new session begins `now`, by the node's clock: whatever was not confirmed is to be carried again, and
  // before it what is young.
  void Restart(absl::Time now);

  // Puts what is unsent into `report`, which is the session's report number `number` (rising).
  void MoveInto(v1::Report& report, uint64_t number);

  // All reports up to `number` have arrived.
  void Confirm(uint64_t number);

 private:
  struct Kept {
    v1::NodeOccurrence occurrence;
    uint64_t report = 0;   // that carried it last
    bool arrived = false;  // in an earlier session
  };
  std::deque<Kept> kept_;     // the first `carried_` are in reports that are under way
  std::deque<Kept> arrived_;  // what the kernel said and has arrived, oldest first; at most kMost
  size_t carried_ = 0;
  uint32_t dropped_ = 0;
};

}  // namespace evenkeel::agent
