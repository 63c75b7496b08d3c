// How long a silent node must be left alone before its own fencing can be believed: pure.
#pragma once

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/fencing_facts.h"

namespace evenkeel::coordinator {

// The fewest beat intervals that are isolation: beats are confirmed by tens, so that a healthy agent may go
// 10 intervals without a word.
inline constexpr int kBeatsToIsolation = 30;

// Isolation after which agents fence: the policy's, else 20 s, and never less than kBeatsToIsolation.
absl::Duration IsolationTimeout(const FencingPolicy& policy, absl::Duration beat_interval);

// The longest time from the last word that an agent can have heard to the instant at which its marked pods
// have stopped, by the coordinator's clock:
//
//   (isolation + stop + 2 * watchdog) * (1 + 1 %) + 250 ms
//
// isolation: after it the agent stops the pods. stop: the time it may take over that. watchdog: an agent that
// has not done so by then, or that does not run, no longer feeds the watchdog, which resets the machine after
// so long. Twice: an agent can be frozen between reading its clock and feeding, for just so long. 1 %: how
// far two machines' clocks run apart at most; the kernel bounds its own corrections to 0.05 %, quartz is
// worse by far less than the rest. 250 ms: until a stopped machine's last write is on its way no more.
absl::Duration EnforcedMinimum(const ArmedFence& fence);

// The instant from which on the node is believed to have fenced itself, or none while a voucher has not
// promised yet: an agent's isolation begins with the last word that it may have heard. From the coordinator
// that is the confirmation of a beat, dated by the agent at that beat's sending, which was before `last_beat`
// came. From a voucher it is an answer that was given before that voucher's promise came.
std::optional<absl::Time> BelievedFrom(const ArmedFence& fence, absl::Time last_beat,
                                       const std::vector<std::optional<absl::Time>>& promises);

}  // namespace evenkeel::coordinator
