#include "coordinator/core/burst/back_off.h"

#include <algorithm>
#include <cstddef>

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostFailures = 16;
// What Kubernetes says of a pod can be long, and this is written with every change of the record.
constexpr size_t kLongestCause = 300;

// Not in the midst of a character of UTF-8.
absl::string_view Cut(absl::string_view text) {
  if (text.size() <= kLongestCause) return text;
  size_t end = kLongestCause;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

bool NoteProviderFailure(ProviderBackOff& back_off, absl::Time now, absl::string_view cause) {
  if (now < BackOffEnds(back_off)) return false;
  back_off.failures = std::min(back_off.failures + 1, kMostFailures);
  back_off.failed = now;
  back_off.cause = std::string(Cut(cause));
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
