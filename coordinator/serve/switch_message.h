// Switches as messages of the API.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/switch_events.h"
#include "evenkeel/v1/switch.pb.h"

namespace evenkeel::coordinator {

v1::PreflightFinding ToMessage(const Finding& finding);
v1::SwitchForecast ToMessage(const Forecast& forecast);
v1::GateAnswer ToMessage(const GateAnswer& answer);
v1::LossLedger ToMessage(const LossLedger& ledger);

// One that is under way. `created` and `ended`: of its decision.
v1::Switch ToMessage(const SwitchStatus& status, absl::Time created, std::optional<absl::Time> ended);

// One that has ended, from the store: nothing of it is seen any more.
v1::Switch ToMessage(const DecisionId& decision, const SwitchRecord& record, absl::Time created,
                     std::optional<absl::Time> ended);

// As lists show it: without the ledger's spans and the steps' gates.
void Shorten(v1::Switch& message);

}  // namespace evenkeel::coordinator
