// The loss ledger: every request that failed, tied to the part of the switch that it fell into. Spans follow
// on one another without a gap; each is one phase of one step. Durable with the switch's record. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/core/switch/probe_facts.h"
#include "coordinator/core/switch/switch_phase.h"
#include "coordinator/core/switch/traffic.h"

namespace evenkeel::coordinator {

struct LedgerSpan {
  SwitchPhase phase = SwitchPhase::kPreflight;
  uint32_t step = 0;     // index
  uint32_t percent = 0;  // green's, as it was wished
  absl::Time begin;
  std::map<RouteKey, RouteCount> routes;
  ProbeCounts probes;
  bool operator==(const LedgerSpan&) const = default;

  BothCounts Total() const;
};

// A failed request of the prober, with the span that it fell into.
struct LostRequest {
  ProbeFailure failure;
  uint32_t span = 0;  // number of the span, from 0, of all that there ever were
  bool operator==(const LostRequest&) const = default;
};

struct LossLedger {
  static constexpr size_t kMostSpans = 64;  // what is older is added up in `older`
  static constexpr size_t kMostLost = 64;   // the first ones; all are counted

  std::vector<LedgerSpan> spans;
  uint32_t spans_gone = 0;  // older than those
  BothCounts older;
  ProbeCounts older_probes;
  std::vector<LostRequest> lost;
  uint64_t prober_run = 0;    // whose totals these are
  ProbeCounts prober_totals;  // as they were told last
  bool operator==(const LossLedger&) const = default;
};

// A new span begins, with what the routes show now; one that was not read begins with its first reading.
void BeginSpan(LossLedger& ledger, SwitchPhase phase, uint32_t step, uint32_t percent, absl::Time now,
               const std::vector<SwitchedRoute>& routes, const std::map<RouteKey, RouteReading>& readings);

// To the last span.
void NoteReading(LossLedger& ledger, const SwitchedRoute& route, const RouteReading& reading);

// Totals of the prober's run so far, and the failures that are new; a failure goes to the span in which it
// happened, which may be an earlier one. Another run counts from 0.
void NoteProbes(LossLedger& ledger, uint64_t run, const ProbeCounts& totals,
                const std::vector<ProbeFailure>& failures);

// Over all spans.
BothCounts TotalOf(const LossLedger& ledger);
ProbeCounts ProbesOf(const LossLedger& ledger);

}  // namespace evenkeel::coordinator
