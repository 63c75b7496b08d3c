#pragma once

#include <cstdint>
#include <optional>

#include "absl/time/time.h"

// Rates from counters. Pure: the caller brings every counter's value with the time at which it was read.
namespace evenkeel::agent {

// CPU used, from a counter of CPU time that only grows while its owner lives.
class CpuRate {
 public:
  // The mean use since the sample before, in thousandths of a CPU, rounded. Nothing when that is not known:
  // on the first sample; after the counter fell (its owner was started again); after the clock went back;
  // after a gap of more than kLongestGap, over which a mean would say nothing of now. A sample less than
  // kShortestGap after the one before (the same sample read twice, above all) tells what was told before.
  std::optional<uint64_t> Update(absl::Duration used, absl::Time at);

  static constexpr absl::Duration kShortestGap = absl::Milliseconds(100);
  static constexpr absl::Duration kLongestGap = absl::Seconds(60);

 private:
  bool started_ = false;
  absl::Duration used_;
  absl::Time at_;
  std::optional<uint64_t> millicores_;
};

// CPU used by a whole host, from the ticks of /proc/stat: the busy share of all ticks since the sample before
// times the number of processors. Nothing on the first sample, when no tick has passed, or when the busy
// counter fell. (The idle counter may fall a little when processors come and go; that counts as no idle
// time.)
class HostCpuRate {
 public:
  std::optional<uint64_t> Update(uint64_t busy_ticks, uint64_t idle_ticks, uint32_t cpus);

 private:
  bool started_ = false;
  uint64_t busy_ticks_ = 0;
  uint64_t idle_ticks_ = 0;
};

// The share of enforcement periods in which a control group was stopped, in percent [0, 100]. 0 when no
// period passed: it did not want to run. Nothing on the first sample or when a counter fell.
class ThrottleRate {
 public:
  std::optional<double> Update(uint64_t periods, uint64_t throttled_periods);

 private:
  bool started_ = false;
  uint64_t periods_ = 0;
  uint64_t throttled_periods_ = 0;
};

}  // namespace evenkeel::agent
