#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "common/time/backoff.h"

namespace evenkeel::agent {

// Which coordinator to try next, and how long to wait first. Pure; used by one thread.
//
// A coordinator that restarts is back within a second or two, and until then nobody watches the nodes: so the
// first tries follow quickly, and even the longest wait is short. Jitter spreads the agents of a fleet that
// lost their coordinator together.
class Reconnect {
 public:
  static constexpr time::BackoffPolicy kBackoff = {
      .initial = absl::Milliseconds(200), .maximum = absl::Seconds(2), .multiplier = 1.6, .jitter = 0.5};
  // A session that lasted this long was a good one: what follows it starts over with short waits.
  static constexpr absl::Duration kGoodSession = absl::Seconds(10);

  // There are `coordinators` of them, at least one; the first is tried first.
  explicit Reconnect(size_t coordinators);

  // Index of the coordinator to be tried now.
  size_t coordinator() const { return coordinator_; }

  // The try ended, `lasted` after the coordinator's welcome (zero when it never came). Returns how long to
  // wait before the next try. After a good session the same coordinator is tried again first; otherwise the
  // next in the list. `random` in [0, 1).
  absl::Duration Ended(absl::Duration lasted, double random);

 private:
  const size_t coordinators_;
  size_t coordinator_ = 0;
  int failures_ = 0;
};

}  // namespace evenkeel::agent
