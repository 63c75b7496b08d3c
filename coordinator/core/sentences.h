// The words in which decisions speak. They are read by an on-call engineer at night: plain, exact, with
// figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
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

// The first three, and how many more there are: "a, b, c and 4 more".
std::string SomeNames(const std::set<std::string>& names);

// " (new disk)"; nothing where no reason is given.
std::string Because(const std::string& reason);

// "2026-11-21 14:05 UTC".
std::string SayTime(absl::Time time);

// "500m", "2" cores, "1.5".
std::string SayCpu(int64_t millicores);

// "512 MiB", "1.5 GiB", "300 B".
std::string SayBytes(int64_t bytes);

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
