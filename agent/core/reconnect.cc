#include "agent/core/reconnect.h"

#include "common/base/check.h"

namespace evenkeel::agent {

Reconnect::Reconnect(size_t coordinators) : coordinators_(coordinators) {
  EVENKEEL_CHECK(coordinators > 0) << "an agent needs a coordinator to report to";
}

absl::Duration Reconnect::Ended(absl::Duration lasted, double random) {
  if (lasted >= kGoodSession) {
    failures_ = 1;
  } else {
    ++failures_;
    coordinator_ = (coordinator_ + 1) % coordinators_;
  }
  return time::Backoff(kBackoff, failures_, random);
}

}  // namespace evenkeel::agent
