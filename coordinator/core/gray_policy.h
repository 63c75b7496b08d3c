// What a policy says of sick nodes. See GrayPolicy in proto/evenkeel/v1/policy.proto for meanings, ranges and
// defaults.
#pragma once

#include <cstdint>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

struct GrayPolicy {
  absl::Duration after = absl::Seconds(30);
  absl::Duration recover_after = absl::Minutes(1);
  uint32_t memory_stall_percent = 60;
  uint32_t oom_kills = 5;
  uint32_t io_errors = 3;
  // The rungs of the ladder: true = enforced, false = only observed.
  bool taint = false;
  bool restart = false;
  bool drain = false;
  absl::Duration restart_timeout = absl::Minutes(2);
  absl::Duration escalate_after = absl::Minutes(15);
  bool operator==(const GrayPolicy&) const = default;
};

}  // namespace evenkeel::coordinator
