// What every StateStore says in the same words, and which decisions a filter lets pass.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "coordinator/store/state_store.h"

namespace evenkeel::coordinator {

bool Matches(const DecisionFilter& filter, const Decision& decision);

// NOT_FOUND
absl::Status NoSuchDecision(DecisionId id);
absl::Status NoSuchSwitch(DecisionId id);
absl::Status NoSuchPolicy(const std::string& name);

// FAILED_PRECONDITION (L7)
absl::Status SupersededEpoch(uint64_t own, uint64_t newer);

}  // namespace evenkeel::coordinator
