// The CPU of one pod over the last seconds, made of samples that come about once a second: means over a short
// window and over a long one, and what is left when samples stop coming.
//
// Nothing is ever missing by silence alone without being said so: a pod is seen, held (the last that was seen
// stands in for it, for kHoldSample), or missing. So the loss of samples under load does not look like the
// loss of load, and a pod that stays without samples freezes nothing for longer than that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_load.h"

namespace evenkeel::coordinator {

// A pod whose newest sample is older than this is not seen any more. Five of the agents' reports; a virtual
// kubelet measures every 10 to 15 s, so three of its samples.
inline constexpr absl::Duration kFreshSample = absl::Seconds(5);
inline constexpr absl::Duration kFreshVirtualSample = absl::Seconds(45);
// For so long the last mean stands in for a pod that is not seen: longer than an API server's failover or an
// agent's restart takes, shorter than the default window of scaling in.
inline constexpr absl::Duration kHoldSample = absl::Minutes(2);
// The most that is kept of a pod: samples, and time.
inline constexpr size_t kMostSamples = 128;
inline constexpr absl::Duration kLongestWindow = absl::Minutes(2);

class UsageWindow {
 public:
  // A sample: the mean use from `taken` - `window` to `taken`. One that is not newer than the last is
  // dropped. Negative use counts as none.
  void Add(const CpuSample& sample);

  // The mean over about the last `window` before the newest sample: of whole samples, as many as come nearest
  // to it, at least one, weighted by their own windows; where less is known, of what is known. None: there is
  // no sample. O(log samples).
  std::optional<CpuSample> Mean(absl::Duration window) const;

  // What a planner is to be told at `now`; `fresh`: kFreshSample or kFreshVirtualSample.
  enum class Sight { kSeen, kHeld, kMissing };
  Sight SightAt(absl::Time now, absl::Duration fresh) const;

 private:
  // The use up to `until`, added up from the first sample that is kept: a window's mean is one subtraction.
  struct Point {
    absl::Time until;
    absl::Duration covered;  // time with samples, added up
    int64_t used = 0;        // millicore-milliseconds, added up
  };

  std::deque<Point> points_;  // by time; the first is where the sums begin
};

// Fills in `sample` and `held` of a pod's load.
void Show(const UsageWindow& usage, absl::Duration window, absl::Duration fresh, absl::Time now,
          PodLoad& pod);

}  // namespace evenkeel::coordinator
