// The words in which decisions speak. They are read by an on-call engineer at night: plain, exact, with
// figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/events.h"
#include "coordinator/core/facts.h"

namespace evenkeel::coordinator {

// "612 ms", "1.2 s", "34 s", "5 min", "2 h": two or three significant figures, as much as matters. Negative
// counts as zero.
std::string Say(absl::Duration duration);

// "1.5 times", "2 times": of 150, of 200 percent; to a tenth.
std::string Times(uint32_t percent);

// "1 pod", "4 pods".
std::string Count(size_t number, absl::string_view noun);

// "1 witness", "2 witnesses".
std::string CountWitnesses(size_t number);

// "a", "a and b", "a, b and c".
std::string Join(const std::vector<std::string>& items);

// "SUSPECT": as the vocabulary writes it.
absl::string_view Name(Verdict verdict);

// "ReplicaSet web-5d9c".
std::string Say(const Controller& controller);

// "shop/web-5d9c-x2x7p".
std::string PodText(absl::string_view name_space, absl::string_view name);

// What one try of a witness met, as "no answer".
absl::string_view Say(ProbeOutcome outcome);

// Adds to a decision's or an episode's evidence. What is seen again and again is kept as it was seen first
// and last; and at most 64 are kept, the first 32 and the latest 32.
void AddEvidence(std::vector<Evidence>& evidence, Evidence one);

}  // namespace evenkeel::coordinator
