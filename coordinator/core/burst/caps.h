// L9: how much more may go to virtual nodes: in pods, CPU, time and money, now and at the size that is asked
// for. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/burst/burst_policy.h"
#include "coordinator/core/burst/ledger.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

// What is not payable for so long at the size that is asked for is not begun: a burst that must be taken back
// at once helps nobody.
inline constexpr absl::Duration kLeastPaid = absl::Minutes(10);

// A burst that has used up its time or money is over, and another may begin, when nobody has wanted more than
// real nodes have for so long.
inline constexpr absl::Duration kUsedUpFor = absl::Minutes(10);

enum class BurstCap { kNone, kPods, kCpu, kDuration, kCost };

struct CapAnswer {
  bool allowed = false;
  // The cap that refuses or, where it is allowed, kNone.
  BurstCap cap = BurstCap::kNone;
  // What is there already has no right to be there any more: the time or the money is used up.
  bool used_up = false;
  std::string reason;  // a clause with figures, either way
  bool operator==(const CapAnswer&) const = default;
};

// Whether pods that together ask for `more` may go to virtual nodes besides those that are there.
// `ledger` is counted up to `now`.
CapAnswer AskCaps(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger,
                  const Resources& more, absl::Time now);

// How many more pods may, if each asks for `each`; at most `most`.
int64_t PodsAllowed(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger,
                    const Resources& each, int64_t most, absl::Time now);

// When time or money will be used up if nothing changes; InfiniteFuture: never.
absl::Time UsedUpAt(const BurstCaps& caps, const BurstPrices& prices, const BurstLedger& ledger);

}  // namespace evenkeel::coordinator
