// What is remembered of a cluster's bursts across restarts; part of the cluster's record.
#pragma once

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

struct BurstRecord {
  BurstLedger ledger;
  ProviderBackOff provider;
  DrainBackDamping damping;
  HeadroomRecord headroom;
  bool operator==(const BurstRecord&) const = default;
};

}  // namespace evenkeel::coordinator
