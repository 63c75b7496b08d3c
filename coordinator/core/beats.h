// How often agents beat and how long they may be silent: small formulas, without state.
#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "coordinator/core/policy.h"

namespace evenkeel::coordinator {

// The beat interval of a cluster without one in its policy: 200 ms up to 200 nodes; beyond, so long that the
// cluster sends at most 1000 beats a second, rounded up to a tenth of a second so that single nodes coming
// and going change nothing; never longer than 5 s.
absl::Duration DefaultBeatInterval(size_t nodes);

// The policy's interval, or the default for `nodes`.
absl::Duration BeatInterval(const FailoverPolicy& policy, size_t nodes);

// Silence after which a node that beats evenly is suspect: the policy's, or the shorter of three intervals
// and of two and 500 ms, and no less than 500 ms. So the beat after the last one may be lost altogether, and
// the next be held up by a lost packet or two (TCP retransmits after 200 ms at the earliest), before that is
// suspicious.
absl::Duration SuspectAfter(const FailoverPolicy& policy, absl::Duration interval);

// The most that a node's own rhythm may lengthen that to: the policy's, or three times `suspect_after`; never
// less than `suspect_after`.
absl::Duration MaxSuspectAfter(const FailoverPolicy& policy, absl::Duration suspect_after);

// The pause from the start of one check of a silent node to the next: 1 s, and 5 s once it has been silent
// for a minute, so that agents that are gone for good do not keep the fleet and the API server busy.
absl::Duration CheckPause(absl::Duration silent_for);

}  // namespace evenkeel::coordinator
