#include "agent/core/cpu_rate.h"

#include <algorithm>
#include <cmath>

namespace evenkeel::agent {

std::optional<uint64_t> CpuRate::Update(absl::Duration used, absl::Time at) {
  const absl::Duration gap = started_ ? at - at_ : absl::ZeroDuration();
  if (started_ && gap >= absl::ZeroDuration() && gap < kShortestGap && used >= used_) {
    return millicores_;
  }
  millicores_.reset();
  if (started_ && gap >= kShortestGap && gap <= kLongestGap && used >= used_) {
    millicores_ = static_cast<uint64_t>(std::llround(1000 * absl::FDivDuration(used - used_, gap)));
  }
  started_ = true;
  used_ = used;
  at_ = at;
  return millicores_;
}

std::optional<uint64_t> HostCpuRate::Update(uint64_t busy_ticks, uint64_t idle_ticks, uint32_t cpus) {
  std::optional<uint64_t> millicores;
  if (started_ && busy_ticks >= busy_ticks_) {
    const auto busy = static_cast<double>(busy_ticks - busy_ticks_);
    const double idle = idle_ticks > idle_ticks_ ? static_cast<double>(idle_ticks - idle_ticks_) : 0;
    if (busy + idle > 0) {
      millicores = static_cast<uint64_t>(std::llround(1000.0 * cpus * busy / (busy + idle)));
    }
  }
  started_ = true;
  busy_ticks_ = busy_ticks;
  idle_ticks_ = idle_ticks;
  return millicores;
}

std::optional<double> ThrottleRate::Update(uint64_t periods, uint64_t throttled_periods) {
  std::optional<double> percent;
  if (started_ && periods >= periods_ && throttled_periods >= throttled_periods_) {
    const auto passed = static_cast<double>(periods - periods_);
    const auto throttled = static_cast<double>(throttled_periods - throttled_periods_);
    percent = passed > 0 ? std::min(100.0, 100 * throttled / passed) : 0;
  }
  started_ = true;
  periods_ = periods;
  throttled_periods_ = throttled_periods;
  return percent;
}

}  // namespace evenkeel::agent
