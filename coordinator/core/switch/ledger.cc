#include "coordinator/core/switch/ledger.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

uint64_t NoLess(uint64_t value, uint64_t base) {
  return value - std::min(value, base);
}

ProbeCount Since(const ProbeCount& now, const ProbeCount& before) {
  return {.requests = NoLess(now.requests, before.requests),
          .failed = NoLess(now.failed, before.failed),
          .failed_on_blue = NoLess(now.failed_on_blue, before.failed_on_blue),
          .failed_on_green = NoLess(now.failed_on_green, before.failed_on_green)};
}

void Add(ProbeCounts& sum, const ProbeCounts& more) {
  for (const auto& [kind, count] : more) sum[kind] += count;
}

// Numbered over all that there ever were. What fell into one that is gone goes to the oldest that is left.
size_t SpanAt(const LossLedger& ledger, absl::Time time) {
  size_t index = ledger.spans.size() - 1;
  while (index > 0 && ledger.spans[index].begin > time) --index;
  return index;
}

// What was counted as of the last span belongs to an earlier one.
void MoveFailure(LossLedger& ledger, const ProbeFailure& failure, size_t to) {
  const size_t from = ledger.spans.size() - 1;
  if (from == to) return;
  ProbeCount& last = ledger.spans[from].probes[failure.kind];
  if (last.failed == 0 || last.requests == 0) return;
  ProbeCount moved{.requests = 1, .failed = 1};
  if (failure.side == Side::kBlue && last.failed_on_blue > 0) moved.failed_on_blue = 1;
  if (failure.side == Side::kGreen && last.failed_on_green > 0) moved.failed_on_green = 1;
  last = Since(last, moved);
  ledger.spans[to].probes[failure.kind] += moved;
}

}  // namespace

BothCounts LedgerSpan::Total() const {
  BothCounts total;
  for (const auto& [key, count] : routes) total += count.Total();
  return total;
}

void BeginSpan(LossLedger& ledger, SwitchPhase phase, uint32_t step, uint32_t percent, absl::Time now,
               const std::vector<SwitchedRoute>& routes, const std::map<RouteKey, RouteReading>& readings) {
  LedgerSpan span{.phase = phase, .step = step, .percent = percent, .begin = now, .routes = {}, .probes = {}};
  for (const SwitchedRoute& route : routes) {
    const auto reading = readings.find(route.key);
    if (reading == readings.end()) continue;
    if (!ledger.spans.empty()) NoteReading(ledger, route, reading->second);
    span.routes[route.key] = BeginCount(route, reading->second);
  }
  ledger.spans.push_back(std::move(span));
  if (ledger.spans.size() <= LossLedger::kMostSpans) return;
  const LedgerSpan& oldest = ledger.spans.front();
  ledger.older.Follow(oldest.Total());
  Add(ledger.older_probes, oldest.probes);
  ++ledger.spans_gone;
  ledger.spans.erase(ledger.spans.begin());
}

void NoteReading(LossLedger& ledger, const SwitchedRoute& route, const RouteReading& reading) {
  if (ledger.spans.empty()) return;
  auto& routes = ledger.spans.back().routes;
  const auto known = routes.find(route.key);
  if (known == routes.end()) {
    routes[route.key] = BeginCount(route, reading);
  } else {
    NoteCount(known->second, route, reading);
  }
}

void NoteProbes(LossLedger& ledger, uint64_t run, const ProbeCounts& totals,
                const std::vector<ProbeFailure>& failures) {
  if (ledger.spans.empty()) return;
  if (run != ledger.prober_run) ledger.prober_totals.clear();
  ledger.prober_run = run;
  ProbeCounts& probes = ledger.spans.back().probes;
  for (const auto& [kind, total] : totals) probes[kind] += Since(total, ledger.prober_totals[kind]);
  ledger.prober_totals = totals;
  for (const ProbeFailure& failure : failures) {
    const size_t span = SpanAt(ledger, failure.time);
    MoveFailure(ledger, failure, span);
    if (ledger.lost.size() < LossLedger::kMostLost) {
      ledger.lost.push_back({failure, ledger.spans_gone + static_cast<uint32_t>(span)});
    }
  }
}

BothCounts TotalOf(const LossLedger& ledger) {
  BothCounts total = ledger.older;
  for (const LedgerSpan& span : ledger.spans) total.Follow(span.Total());
  return total;
}

ProbeCounts ProbesOf(const LossLedger& ledger) {
  ProbeCounts total = ledger.older_probes;
  for (const LedgerSpan& span : ledger.spans) Add(total, span.probes);
  return total;
}

}  // namespace evenkeel::coordinator
