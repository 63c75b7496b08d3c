#include "coordinator/core/scale/usage_window.h"

#include <algorithm>

namespace evenkeel::coordinator {

void UsageWindow::Add(const CpuSample& sample) {
  if (sample.window <= absl::ZeroDuration()) return;
  if (points_.empty()) {
    points_.push_back({.until = sample.taken - sample.window});
  } else if (sample.taken <= points_.back().until) {
    return;
  }
  // A gap between two samples is no time at all; what two samples both cover counts once, by the newer one.
  const absl::Time from = std::max(sample.taken - sample.window, points_.back().until);
  const absl::Duration length = sample.taken - from;
  const int64_t used = std::max<int64_t>(sample.millicores, 0) * absl::ToInt64Milliseconds(length);
  if (from > points_.back().until) {
    Point gap = points_.back();
    gap.until = from;
    points_.push_back(gap);
  }
  points_.push_back({.until = sample.taken,
                     .covered = points_.back().covered + length,
                     .used = points_.back().used + used});
  while (points_.size() > kMostSamples || points_.front().until + kLongestWindow < sample.taken) {
    if (points_.size() <= 2) break;
    points_.pop_front();
  }
}

std::optional<CpuSample> UsageWindow::Mean(absl::Duration window) const {
  if (points_.empty()) return std::nullopt;
  const Point& last = points_.back();
  // The point nearest to the window's beginning. Not always the last one before it: of samples that come a
  // little more often than once a second, two seconds would then be three, and a rise be seen a second later.
  const absl::Time begin = last.until - window;
  auto first = std::upper_bound(points_.begin(), points_.end() - 1, begin,
                                [](absl::Time time, const Point& point) { return time < point.until; });
  if (first != points_.begin()) {
    const auto before = first - 1;
    const bool nearer = first != points_.end() - 1 && first->until - begin < begin - before->until;
    if (!nearer) first = before;
  }
  // What begins with a gap begins after it.
  while (first + 1 != points_.end() && (first + 1)->covered == first->covered) ++first;
  const int64_t milliseconds = absl::ToInt64Milliseconds(last.covered - first->covered);
  if (milliseconds == 0) return std::nullopt;
  return CpuSample{.millicores = (last.used - first->used) / milliseconds,
                   .taken = last.until,
                   .window = last.until - first->until};
}

UsageWindow::Sight UsageWindow::SightAt(absl::Time now, absl::Duration fresh) const {
  if (points_.empty()) return Sight::kMissing;
  const absl::Duration age = now - points_.back().until;
  if (age <= fresh) return Sight::kSeen;
  return age <= fresh + kHoldSample ? Sight::kHeld : Sight::kMissing;
}

void Show(const UsageWindow& usage, absl::Duration window, absl::Duration fresh, absl::Time now,
          PodLoad& pod) {
  const UsageWindow::Sight sight = usage.SightAt(now, fresh);
  pod.sample.reset();
  pod.held = sight == UsageWindow::Sight::kHeld;
  if (sight != UsageWindow::Sight::kMissing) pod.sample = usage.Mean(window);
}

}  // namespace evenkeel::coordinator
