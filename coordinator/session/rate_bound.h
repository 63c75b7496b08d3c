// A bound on how often something may happen: `burst` at once, `rate` a second in the long run (a token
// bucket).
#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace evenkeel::coordinator {

class RateBound {
 public:
  RateBound(float rate_per_second, float burst, absl::Time now)
      : rate_per_second_(rate_per_second), burst_(burst), allowance_(burst), last_(now) {}

  // True, and counted, if it may happen at `now`.
  bool Admit(absl::Time now) {
    const float earned = static_cast<float>(absl::ToDoubleSeconds(now - last_)) * rate_per_second_;
    allowance_ = std::min(burst_, allowance_ + earned);
    last_ = now;
    if (allowance_ < 1) return false;
    allowance_ -= 1;
    return true;
  }

 private:
  float rate_per_second_;
  float burst_;
  float allowance_;
  absl::Time last_;
};

}  // namespace evenkeel::coordinator
