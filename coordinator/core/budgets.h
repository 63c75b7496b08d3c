// The figures behind the guards: how many nodes may be out of service at once, how many must stay healthy,
// and how often a node may be taken out. Pure formulas of a policy and of a number of nodes.
#pragma once

#include <cstddef>

#include "absl/time/time.h"
#include "coordinator/core/policy.h"

namespace evenkeel::coordinator {

// L6: how many nodes of a cluster of `nodes` may be out of service at once: the larger of the policy's number
// and its percentage, rounded down.
size_t NodeBudget(const FailoverPolicy& policy, size_t nodes);

// The same for one failure domain of `nodes` nodes.
size_t DomainBudget(const FailoverPolicy& policy, size_t nodes);

// How many nodes of `nodes` must be healthy when one more is taken out: the larger of the policy's number and
// its percentage, rounded down, so that of two nodes and of three one may always die.
size_t LeastHealthy(const FailoverPolicy& policy, size_t nodes);

// A rate as a token bucket holds it: at most `most` at once, and one more each window / most.
struct Rate {
  size_t most = 0;  // 0 = never
  absl::Duration window;
};
Rate ClusterRate(const FailoverPolicy& policy, size_t nodes);
Rate DomainRate(const FailoverPolicy& policy, size_t nodes);  // `nodes` of the whole cluster

// What has been taken from a bucket is one time: until when it is booked out (the "theoretical arrival time"
// of the generic cell rate algorithm, ITU-T I.371). It is all that must be durable for a restart not to
// refill the bucket. A time that lies further ahead than a window (the clock was set back) counts as a window
// ahead.

// How many may happen now.
size_t Left(const Rate& rate, absl::Time booked_until, absl::Time now);
// The booking after one more.
absl::Time Book(const Rate& rate, absl::Time booked_until, absl::Time now);
// How long until one may happen; zero: now; infinite: never.
absl::Duration UntilNext(const Rate& rate, absl::Time booked_until, absl::Time now);

}  // namespace evenkeel::coordinator
