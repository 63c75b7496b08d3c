// What the built-in prober tells: a client of each kind goes through the gateway during the whole switch, so
// that what a user would have lost is seen. A loop of fresh connections alone sees neither resets nor
// requests that were cut.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "coordinator/core/switch/side.h"

namespace evenkeel::coordinator {

enum class ProbeKind {
  kFresh,      // a connection for each request
  kKeepAlive,  // many requests on one connection
  kSlow,       // a request that takes seconds
  kStream,     // an answer that goes on for as long as it is read
};

// Since the prober's run began.
struct ProbeCount {
  uint64_t requests = 0;  // ended, well or not
  uint64_t failed = 0;
  // Of the failed: which side had them. What is left is not known.
  uint64_t failed_on_blue = 0;
  uint64_t failed_on_green = 0;
  bool operator==(const ProbeCount&) const = default;

  ProbeCount& operator+=(const ProbeCount& other) {
    requests += other.requests;
    failed += other.failed;
    failed_on_blue += other.failed_on_blue;
    failed_on_green += other.failed_on_green;
    return *this;
  }
};
using ProbeCounts = std::map<ProbeKind, ProbeCount>;

struct ProbeFailure {
  absl::Time time;  // when it failed, by the coordinator's clock
  ProbeKind kind = ProbeKind::kFresh;
  std::optional<Side> side;  // none: not known
  std::string detail;        // a clause: "reset after 1.2 s"
  bool operator==(const ProbeFailure&) const = default;
};

// "fresh", "keepalive", "slow", "stream".
const char* Word(ProbeKind kind);

}  // namespace evenkeel::coordinator
