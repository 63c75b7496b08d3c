#include "coordinator/core/hold_down.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostRelapses = 16;

}  // namespace

void NoteFailover(HoldDown& hold, absl::Time now) {
  if (hold.readmitted == absl::InfinitePast()) return;
  const absl::Duration stable = std::max(now - hold.readmitted, absl::ZeroDuration());
  if (stable < kRelapseWindow) {
    hold.relapses = std::min(hold.relapses + 1, kMostRelapses);
    return;
  }
  const int64_t windows = std::min<int64_t>(stable / kRelapseWindow, kMostRelapses);
  hold.relapses -= std::min(hold.relapses, static_cast<uint32_t>(windows));
}

void NoteReadmission(HoldDown& hold, absl::Time now) {
  hold.readmitted = now;
}

absl::Duration ReadmitAfter(absl::Duration readmit_after, const HoldDown& hold) {
  const absl::Duration longest = std::max(readmit_after, kLongestHoldDown);
  absl::Duration after = readmit_after;
  for (uint32_t i = 0; i < hold.relapses && after < longest; ++i) after *= 2;
  return std::min(after, longest);
}

}  // namespace evenkeel::coordinator
