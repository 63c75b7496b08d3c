// Answers of the API server about who somebody is or what they may do, remembered.
//
// An answer is fresh for a while and then asked for again. When the API server cannot be asked, what it said
// last may stand in for its answer: that is just when an operator needs to look at the fleet. Which answers
// may, and for which calls, is the caller's to decide.
//
// Bounded: when full, all is forgotten. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace evenkeel::coordinator {

template <typename Answer>
class AccessMemory {
 public:
  struct Bounds {
    absl::Duration fresh_for;
    absl::Duration stands_in_for;  // counted from the API server's answer
    size_t most;
  };
  explicit AccessMemory(const Bounds& bounds) : bounds_(bounds) {}

  void Remember(const std::string& key, Answer answer, absl::Time now) {
    if (known_.size() >= bounds_.most) known_.clear();
    known_.insert_or_assign(key, Known{std::move(answer), now, now + bounds_.fresh_for});
  }

  std::optional<Answer> Fresh(const std::string& key, absl::Time now) const {
    const auto found = known_.find(key);
    if (found == known_.end() || now >= found->second.fresh_until) return std::nullopt;
    return found->second.answer;
  }

  // The API server did not answer now: what it said last, unless that is too long ago. It counts as fresh
  // again for a moment, so that not every call waits for an API server that is away.
  std::optional<Answer> StandIn(const std::string& key, absl::Time now) {
    const auto found = known_.find(key);
    if (found == known_.end()) return std::nullopt;
    const absl::Time end = found->second.answered + bounds_.stands_in_for;
    if (now >= end) return std::nullopt;
    found->second.fresh_until = std::min(now + bounds_.fresh_for, end);
    return found->second.answer;
  }

 private:
  struct Known {
    Answer answer;
    absl::Time answered;
    absl::Time fresh_until;
  };
  const Bounds bounds_;
  absl::flat_hash_map<std::string, Known> known_;
};

}  // namespace evenkeel::coordinator
