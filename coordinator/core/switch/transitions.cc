#include "coordinator/core/switch/transitions.h"

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::coordinator {
namespace {

// A failing green is watched beside its blue for so long before it is taken from.
constexpr absl::Duration kLookAtBlue = absl::Milliseconds(500);
// A failing green waits for so long for a blue of which nothing is known yet, also where routes are read in
// the slow rhythm of a hold; then people are asked.
constexpr absl::Duration kUnsurePatience = absl::Seconds(4);

uint32_t PercentAt(const SwitchRecord& record) {
  return record.phase == SwitchPhase::kRollingBack ? 0 : record.spec.steps[record.step].percent;
}

}  // namespace

void Transitions::Happened(std::string sentence) {
  moves.happened.push_back(std::move(sentence));
  moves.changed = true;
}

std::map<RouteKey, RouteReading> Transitions::Readings() const {
  std::map<RouteKey, RouteReading> readings;
  for (const auto& [key, seen] : sight.routes) {
    if (seen.reading) readings[key] = *seen.reading;
  }
  return readings;
}

SideReading Transitions::Reading(Side side) const {
  std::set<RouteKey> checking;
  for (const auto& [key, seen] : sight.routes) {
    if (seen.checks_servers) checking.insert(key);
  }
  return ReadSide(side, record.spec.routes, Readings(), checking);
}

HealthAnswer Transitions::WayBack(bool by_order) const {
  const absl::Duration watched = RecentSpan(memory.recent);
  return JudgeWayBack(sight.blue, Reading(Side::kBlue),
                      {.recent = Recent(memory.recent, sight.now).blue,
                       .last_second = Recent(memory.recent, sight.now, kLeastSpan).blue,
                       .span = by_order ? kLeastSpan : watched,
                       .before = BlueBeforeStart()},
                      record.spec.gates);
}

SideCount Transitions::BlueBeforeStart() const {
  SideCount count;
  // What it is given now is watched.
  if (record.phase == SwitchPhase::kRollingBack || Reading(Side::kBlue).has_share) return count;
  const std::vector<LedgerSpan>& spans = record.ledger.spans;
  for (size_t i = 0; i < spans.size() && spans[i].begin < memory.restored_at; ++i) {
    const absl::Time end = i + 1 < spans.size() ? spans[i + 1].begin : sight.now;
    if (end > sight.now - kRecent) count += spans[i].Total().blue;
  }
  return count;
}

GateSight Transitions::SightOfGates() const {
  GateSight gates;
  gates.now = sight.now;
  gates.step = record.spec.steps[record.step];
  gates.last_step = record.step + 1 == record.spec.steps.size();
  // Of the step, whatever phases it has gone through since its weights were read back.
  // What the prober lost while they were being written counts as well.
  const absl::Time decided = record.reports.empty() ? record.step_shown_since : record.reports.back().decided;
  for (const LedgerSpan& span : record.ledger.spans) {
    if (span.step != record.step) continue;
    if (span.begin >= record.step_shown_since) gates.whole.Follow(span.Total());
    if (span.begin < decided) continue;
    for (const auto& [kind, count] : span.probes) gates.probes[kind] += count;
  }
  gates.recent = Recent(memory.recent, sight.now);
  gates.last_second = Recent(memory.recent, sight.now, kLeastSpan);
  gates.blue = Reading(Side::kBlue);
  gates.green = Reading(Side::kGreen);
  gates.baseline = record.baseline;
  gates.green_sight = sight.green;
  gates.has_prober = !record.spec.prober.url.empty();
  for (const auto& [name, answer] : sight.hooks) {
    if (answer.time >= record.step_shown_since) gates.hooks[name] = answer;
  }
  return gates;
}

std::string Transitions::SummaryOfCommit() const {
  const BothCounts total = TotalOf(record.ledger);
  ProbeCount probes;
  for (const auto& [kind, count] : ProbesOf(record.ledger)) probes += count;
  return absl::StrCat("Cluster ", record.spec.to, " has all traffic. Of ",
                      Count(total.blue.requests + total.green.requests, "request"), " during the switch ",
                      total.blue.Bad() + total.green.Bad(), " failed and ", total.blue.cut + total.green.cut,
                      " were cut; the prober lost ", probes.failed, " of ", probes.requests);
}

void Transitions::BeginLedger() {
  BeginSpan(record.ledger, record.phase, record.step, 0, sight.now, record.spec.routes, Readings());
  moves.changed = true;
}

void Transitions::Enter(SwitchPhase phase) {
  record.phase = phase;
  record.phase_since = sight.now;
  memory.waits_for.clear();
  memory.untold_since.reset();
  moves.changed = true;
  if (phase == SwitchPhase::kEnded) return;
  BeginSpan(record.ledger, phase, record.step, PercentAt(record), sight.now, record.spec.routes, Readings());
}

void Transitions::EndReport() {
  if (record.reports.empty() || record.reports.back().ended) return;
  record.reports.back().ended = sight.now;
  record.reports.back().gates = memory.gates;
}

template <typename ShapeOfRoute>
void Transitions::Wish(const ShapeOfRoute& shape) {
  for (const SwitchedRoute& route : record.spec.routes) {
    auto [known, is_new] = record.routes.try_emplace(route.key);
    if (is_new) {
      // The first wish goes from what the preflight saw.
      const auto& reading = sight.routes.at(route.key).reading;
      known->second.read = reading ? ShapeOf(*reading) : ShapeOnBlue(route);
    }
    known->second.wished = shape(route);
    known->second.written = false;
  }
  moves.changed = true;
}

void Transitions::BeginReport() {
  EndReport();
  record.reports.push_back(
      {.step = record.step, .decided = sight.now, .moved = {}, .ended = {}, .gates = {}});
  if (record.reports.size() > SwitchRecord::kMostReports) record.reports.erase(record.reports.begin());
}

void Transitions::BeginStep(uint32_t step) {
  EVENKEEL_CHECK(step < record.spec.steps.size()) << "there is no step " << step;
  record.step = step;
  record.approved = false;
  // What green answered before it was given anything is not of this switch.
  if (record.phase == SwitchPhase::kPreflight) memory.recent = {};
  record.step_shown_since = sight.now;  // for gates that are asked while it is written
  BeginReport();
  Wish([&](const SwitchedRoute& route) { return ShapeAt(route, record.spec.steps[step]); });
  memory.bad_since.clear();
  memory.gates.clear();
  Enter(SwitchPhase::kMoving);
  Happened(
      absl::StrCat("Step ", step + 1, " of ", record.spec.steps.size(), ": ", Say(record.spec.steps[step])));
}

void Transitions::BeginSoak() {
  StepReport& report = record.reports.back();
  if (!report.moved) {
    report.moved = sight.now;
    // Each step's is another sentence: of equal ones only the first and the last are kept.
    Happened(absl::StrCat("Step ", record.step + 1, " was read back on all routes after ",
                          Say(sight.now - report.decided)));
  }
  record.step_shown_since = sight.now;
  Enter(SwitchPhase::kSoaking);
}

void Transitions::ShowAnew() {
  memory.restored = false;
  record.step_shown_since = sight.now;
  Enter(record.phase);
  Happened("After a restart of the coordinator all routes were read back as wished");
}

void Transitions::RepeatStep() {
  BeginReport();
  record.step_shown_since = sight.now;
  memory.recent = {};
  memory.restored_at = absl::InfinitePast();
  memory.bad_since.clear();
  memory.failing_since.reset();
  Enter(record.phase);
}

void Transitions::BeginDrain() {
  record.draining_since = sight.now;
  record.drained = false;
  memory.empty_since.reset();
  Enter(SwitchPhase::kDraining);
}

void Transitions::BeginHold() {
  EndReport();
  record.hold_until = sight.now + record.spec.hold.length;
  Enter(SwitchPhase::kHolding);
  Happened(absl::StrCat("Green has everything; the way back stays open until ", SayTime(record.hold_until)));
}

void Transitions::BeginCommit() {
  EndReport();
  record.commit_wished = false;
  record.may_cut = 0;
  memory.empty_since.reset();
  Enter(SwitchPhase::kCommitting);
}

void Transitions::WishCommitted(bool close_blue) {
  record.commit_wished = true;
  Wish([&](const SwitchedRoute& route) { return ShapeCommitted(route, close_blue); });
}

void Transitions::UnwishCommit() {
  record.commit_wished = false;
  Wish([](const SwitchedRoute& route) { return ShapeCommitted(route, false); });
}

void Transitions::BeginRollback(const std::string& reason, bool by_order) {
  memory.failing_since.reset();
  EndReport();
  record.stop.reset();
  record.rollback_reason = reason;
  record.rollback_ordered = by_order;
  Wish([](const SwitchedRoute& route) { return ShapeOnBlue(route); });
  Enter(SwitchPhase::kRollingBack);
  Happened(absl::StrCat("Everything goes back to blue: ", reason));
}

void Transitions::FailStep(const std::string& reason) {
  if (record.spec.on_failed_gate == OnFailedGate::kStop) {
    return Stop(StopCause::kGates, absl::StrCat("green fails, and the rule is to stop: ", reason));
  }
  // Whatever makes green fail may make blue fail in the same moment, and show itself there a little later.
  if (!memory.failing_since) memory.failing_since = sight.now;
  const absl::Duration failing = sight.now - *memory.failing_since;
  const HealthAnswer back = WayBack(false);
  const bool has_looked = failing >= kLookAtBlue || !Reading(Side::kBlue).has_share;
  if (back.health == Health::kHealthy && has_looked) return BeginRollback(reason);
  const bool may_change =
      back.health == Health::kHealthy || (back.health == Health::kUnknown && failing < kUnsurePatience);
  if (may_change) return;
  Stop(StopCause::kWayBack,
       absl::StrCat("green fails (", reason, "), and blue is no place to go back to: ", back.reason));
}

void Transitions::Stop(StopCause cause, const std::string& reason) {
  if (record.stop && record.stop->cause == cause) return;
  record.stop = SwitchStop{cause, reason, sight.now};
  Happened(absl::StrCat("It stops and asks: ", reason));
}

void Transitions::End(SwitchEnd end, const std::string& outcome) {
  EndReport();
  record.stop.reset();
  record.end = end;
  record.outcome = outcome;
  Enter(SwitchPhase::kEnded);
}

void NoteWritten(SwitchRecord& record, const RouteKey& key, const RouteReading& reading) {
  RouteRecord& route = record.routes.at(key);
  route.written = true;
  route.read = ShapeOf(reading);
  route.instance = reading.instance;
}

void RestoreSwitch(SwitchRecord& record, SwitchMemory& memory, absl::Time now) {
  memory = {};
  memory.restored = HasMoved(record);
  memory.restored_at = now;
  for (auto& [key, route] : record.routes) {
    // It died in the midst of a write, which a gateway of some kinds takes in parts.
    if (!route.written) memory.in_doubt.insert(key);
    route.written = false;
  }
  record.phase_since = now;
  // This start's epoch is greater than any before.
  if (record.stop && record.stop->cause == StopCause::kOutranked) record.stop.reset();
}

bool HasMoved(const SwitchRecord& record) {
  return !record.routes.empty();
}

const char* Word(StopCause cause) {
  switch (cause) {
    case StopCause::kOperator:
      return "operator";
    case StopCause::kApproval:
      return "approval";
    case StopCause::kGates:
      return "gates";
    case StopCause::kWayBack:
      return "way_back";
    case StopCause::kForeignChange:
      return "foreign_change";
    case StopCause::kGateway:
      return "gateway";
    case StopCause::kRefused:
      return "refused";
    case StopCause::kOutranked:
      return "outranked";
    case StopCause::kLostBlue:
      return "lost_blue";
    case StopCause::kDrain:
      return "drain";
  }
  return "operator";
}

const char* Word(SwitchEnd end) {
  switch (end) {
    case SwitchEnd::kCommitted:
      return "committed";
    case SwitchEnd::kRolledBack:
      return "rolled_back";
    case SwitchEnd::kRefused:
      return "refused";
    case SwitchEnd::kObserved:
      return "observed";
    case SwitchEnd::kCancelled:
      return "cancelled";
  }
  return "cancelled";
}

}  // namespace evenkeel::coordinator
