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

absl::Duration ReadmitAfter(absl::Duration readmit_after, absl::Duration max_readmit_after,
                            const HoldDown& hold) {
  absl::Duration after = readmit_after;
  for (uint32_t i = 0; i < hold.relapses && after < max_readmit_after; ++i) after *= 2;
  return std::min(after, max_readmit_after);
}

}  // namespace evenkeel::coordinator
