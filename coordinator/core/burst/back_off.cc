#include "coordinator/core/burst/back_off.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostFailures = 16;

}  // namespace

bool NoteProviderFailure(ProviderBackOff& back_off, absl::Time now) {
  if (now < BackOffEnds(back_off)) return false;
  back_off.failures = std::min(back_off.failures + 1, kMostFailures);
  back_off.failed = now;
  return true;
}

void NoteProviderSuccess(ProviderBackOff& back_off) {
  back_off = {};
}

absl::Duration PauseOf(const ProviderBackOff& back_off) {
  if (back_off.failures == 0) return absl::ZeroDuration();
  absl::Duration pause = kFirstBackOff;
  for (uint32_t i = 1; i < back_off.failures && pause < kLongestBackOff; ++i) pause *= 2;
  return std::min(pause, kLongestBackOff);
}

absl::Time BackOffEnds(const ProviderBackOff& back_off) {
  return back_off.failures == 0 ? absl::InfinitePast() : back_off.failed + PauseOf(back_off);
}

void BoundBackOff(ProviderBackOff& back_off, absl::Time now) {
  back_off.failed = std::min(back_off.failed, now);
}

}  // namespace evenkeel::coordinator
