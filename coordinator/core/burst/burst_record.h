// What is remembered of a cluster's bursts across restarts; part of the cluster's record.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "coordinator/core/burst/back_off.h"
#include "coordinator/core/burst/damping.h"
#include "coordinator/core/burst/ledger.h"
#include "coordinator/core/resources.h"

namespace evenkeel::coordinator {

struct HeadroomRecord {
  // Of the Deployment that may hold placeholders of ours; empty: none does.
  std::string name_space;
  Resources asked;  // of the webhook, in the present burst; no pods: nothing yet
  bool operator==(const HeadroomRecord&) const = default;
};

// The last burst, as it ended: a price that changes later does not change what it has cost.
struct EndedBurst {
  BurstLedger ledger;  // `counted` is when it ended
  int64_t cost_micros = 0;
  std::string currency;
  bool operator==(const EndedBurst&) const = default;
};

struct BurstRecord {
  BurstLedger ledger;
  ProviderBackOff provider;
  DrainBackDamping damping;
  HeadroomRecord headroom;
  std::optional<EndedBurst> last;
  bool operator==(const BurstRecord&) const = default;
};

}  // namespace evenkeel::coordinator
