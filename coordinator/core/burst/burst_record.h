// What is remembered of a cluster's bursts across restarts; part of the cluster's record.
#pragma once

#include "coordinator/core/burst/back_off.h"
#include "coordinator/core/burst/damping.h"
#include "coordinator/core/burst/ledger.h"

namespace evenkeel::coordinator {

struct BurstRecord {
  BurstLedger ledger;
  ProviderBackOff provider;
  DrainBackDamping damping;
  bool operator==(const BurstRecord&) const = default;
};

}  // namespace evenkeel::coordinator
