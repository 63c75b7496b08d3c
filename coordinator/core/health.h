// What an agent says of its node's own machinery, as far as it speaks for sickness. What is sick, and since
// when, is the core's to judge (sickness.h): these are symptoms only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/ids.h"

namespace evenkeel::coordinator {

enum class SymptomKind {
  kKubelet,       // it does not answer, or says that it is not well
  kRuntime,       // the same of the container runtime
  kPleg,          // the kubelet has stopped looking at its containers
  kReadOnlyDisk,  // a file system of the kubelet or the runtime cannot be written
  kHungDisk,      // such a file system does not answer
  kIoErrors,      // figure: errors of the last five minutes
  kHungTask,      // the kernel reports a task that makes no progress
  kMemoryStall,   // figure: percent of the time in which every task waits for memory, rounded down to tens
  kOomKills,      // figure: processes that the kernel killed for want of the machine's memory in a minute
};

struct Symptom {
  SymptomKind kind = SymptomKind::kKubelet;
  std::string detail;  // a clause: "its kubelet does not answer (no answer within 2 s)"
  uint32_t figure = 0;
  // By our clock, when it was seen last: of what is told each time that it happens, and of a part that was
  // sick and cannot be looked at any more. None: it lasts until the agent says otherwise.
  std::optional<absl::Time> last_seen;
  bool operator==(const Symptom&) const = default;
};

// The event: what the agent of this session says now, in place of what it said before; by kind, each at most
// once, empty when it finds nothing. Told with the session's first report and when it changes, never without
// a report.
struct NodeHealthChanged {
  NodeKey node;
  uint64_t session_id = 0;
  std::vector<Symptom> symptoms;
  // Its kubelet, runtime and PLEG have each been looked at in this session. Until then the absence of a
  // symptom means little.
  bool all_known = false;
};

}  // namespace evenkeel::coordinator
