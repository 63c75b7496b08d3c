// A provider of virtual nodes that fails (quota, errors, pods that never start) is left alone for a while,
// twice as long after each failure. Small formulas over what is remembered of it. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {

inline constexpr absl::Duration kFirstBackOff = absl::Minutes(1);
inline constexpr absl::Duration kLongestBackOff = absl::Minutes(30);

// Durable, with the burst's record.
struct ProviderBackOff {
  uint32_t failures = 0;                     // without a pod that came up in between
  absl::Time failed = absl::InfinitePast();  // the last time
  std::string cause;                         // of the last one: a clause, at most 300 bytes
  bool operator==(const ProviderBackOff&) const = default;
};

// Pods that fail together are one failure: what comes within the pause of the last one counts for nothing.
// True: it is counted.
bool NoteProviderFailure(ProviderBackOff& back_off, absl::Time now, absl::string_view cause);

// A pod that was bound to a virtual node after the last failure is Ready.
void NoteProviderSuccess(ProviderBackOff& back_off);

// How long it is left alone after its last failure; zero: it has not failed.
absl::Duration PauseOf(const ProviderBackOff& back_off);

// When it may be asked for anything again; InfinitePast: now.
absl::Time BackOffEnds(const ProviderBackOff& back_off);

// After a start: the clock may have been set back between two runs.
void BoundBackOff(ProviderBackOff& back_off, absl::Time now);

}  // namespace evenkeel::coordinator
