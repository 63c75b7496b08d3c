#include "coordinator/store/switch_records.h"

#include <cmath>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/record_parts.h"
#include "coordinator/store/route_records.h"
#include "coordinator/store/stored_time.h"
#include "coordinator/store/switch_parts.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;
using coordinator::ToStored;  // of times, beside those of enums here

constexpr EnumPair<AtDrainDeadline, stored::AtDrainDeadline> kAtDeadline[] = {
    {AtDrainDeadline::kAsk, stored::AT_DRAIN_DEADLINE_UNSPECIFIED},
    {AtDrainDeadline::kLeave, stored::AT_DRAIN_DEADLINE_LEAVE},
    {AtDrainDeadline::kCut, stored::AT_DRAIN_DEADLINE_CUT},
};
constexpr EnumPair<SwitchPhase, stored::SwitchPhase> kPhases[] = {
    {SwitchPhase::kPreflight, stored::SWITCH_PHASE_UNSPECIFIED},
    {SwitchPhase::kMoving, stored::SWITCH_PHASE_MOVING},
    {SwitchPhase::kSoaking, stored::SWITCH_PHASE_SOAKING},
    {SwitchPhase::kDraining, stored::SWITCH_PHASE_DRAINING},
    {SwitchPhase::kHolding, stored::SWITCH_PHASE_HOLDING},
    {SwitchPhase::kCommitting, stored::SWITCH_PHASE_COMMITTING},
    {SwitchPhase::kRollingBack, stored::SWITCH_PHASE_ROLLING_BACK},
    {SwitchPhase::kEnded, stored::SWITCH_PHASE_ENDED},
};
constexpr EnumPair<StopCause, stored::SwitchStopCause> kCauses[] = {
    {StopCause::kOperator, stored::SWITCH_STOP_CAUSE_OPERATOR},
    {StopCause::kApproval, stored::SWITCH_STOP_CAUSE_APPROVAL},
    {StopCause::kGates, stored::SWITCH_STOP_CAUSE_GATES},
    {StopCause::kWayBack, stored::SWITCH_STOP_CAUSE_WAY_BACK},
    {StopCause::kForeignChange, stored::SWITCH_STOP_CAUSE_FOREIGN_CHANGE},
    {StopCause::kGateway, stored::SWITCH_STOP_CAUSE_GATEWAY},
    {StopCause::kRefused, stored::SWITCH_STOP_CAUSE_REFUSED},
    {StopCause::kOutranked, stored::SWITCH_STOP_CAUSE_OUTRANKED},
    {StopCause::kLostBlue, stored::SWITCH_STOP_CAUSE_LOST_BLUE},
    {StopCause::kDrain, stored::SWITCH_STOP_CAUSE_DRAIN},
};
constexpr EnumPair<SwitchEnd, stored::SwitchEnd> kEnds[] = {
    {SwitchEnd::kCommitted, stored::SWITCH_END_COMMITTED},
    {SwitchEnd::kRolledBack, stored::SWITCH_END_ROLLED_BACK},
    {SwitchEnd::kRefused, stored::SWITCH_END_REFUSED},
    {SwitchEnd::kObserved, stored::SWITCH_END_OBSERVED},
    {SwitchEnd::kCancelled, stored::SWITCH_END_CANCELLED},
};
// ---- the specification ----

void Put(const SwitchedRoute& route, stored::SwitchedRoute& record) {
  *record.mutable_key() = ToRecord(route.key);
  record.set_blue(route.blue);
  record.set_green(route.green);
  for (const auto& [backend, servers] : route.parts) {
    stored::SwitchedServers& names = (*record.mutable_parts())[backend];
    for (const std::string& server : servers) names.add_names(server);
  }
  record.set_check_port(route.check_port);
  record.set_check_path(route.check_path);
}

SwitchedRoute From(const stored::SwitchedRoute& record) {
  SwitchedRoute route;
  route.key = FromRecord(record.key());
  route.blue = record.blue();
  route.green = record.green();
  for (const auto& [backend, servers] : record.parts()) {
    route.parts[backend] = {servers.names().begin(), servers.names().end()};
  }
  route.check_port = static_cast<uint16_t>(record.check_port());
  route.check_path = record.check_path();
  return route;
}

void Put(const SwitchStep& step, stored::SwitchStep& record) {
  record.set_percent(step.percent);
  if (step.canary) {
    record.mutable_canary()->set_header(step.canary->header);
    record.mutable_canary()->set_value(step.canary->value);
  }
  record.set_soak_ns(ToStored(step.soak));
  record.set_min_requests(step.min_requests);
  record.set_approve(step.approve);
}

SwitchStep From(const stored::SwitchStep& record) {
  SwitchStep step;
  step.percent = record.percent();
  if (record.has_canary()) step.canary = HeaderMatch{record.canary().header(), record.canary().value()};
  step.soak = DurationFrom(record.soak_ns());
  step.min_requests = record.min_requests();
  step.approve = record.approve();
  return step;
}

void Put(const GateRules& rules, stored::GateRules& record) {
  record.set_max_error_permille(rules.max_error_permille);
  record.set_max_excess_permille(rules.max_excess_permille);
  record.set_min_failures(rules.min_failures);
  record.set_max_latency_percent(rules.max_latency_percent);
  record.set_latency_slack_ns(ToStored(rules.latency_slack));
  record.set_bad_for_ns(ToStored(rules.bad_for));
  record.set_max_probe_failures(rules.max_probe_failures);
  record.set_min_probes(rules.min_probes);
  for (const GateHook& hook : rules.hooks) {
    stored::GateHook& added = *record.add_hooks();
    added.set_name(hook.name);
    added.set_url(hook.url);
    added.set_timeout_ns(ToStored(hook.timeout));
    added.set_period_ns(ToStored(hook.period));
  }
  record.set_patience_ns(ToStored(rules.patience));
}

GateRules From(const stored::GateRules& record) {
  GateRules rules;
  rules.max_error_permille = record.max_error_permille();
  rules.max_excess_permille = record.max_excess_permille();
  rules.min_failures = record.min_failures();
  rules.max_latency_percent = record.max_latency_percent();
  rules.latency_slack = DurationFrom(record.latency_slack_ns());
  rules.bad_for = DurationFrom(record.bad_for_ns());
  rules.max_probe_failures = record.max_probe_failures();
  rules.min_probes = record.min_probes();
  for (const stored::GateHook& hook : record.hooks()) {
    rules.hooks.push_back({.name = hook.name(),
                           .url = hook.url(),
                           .timeout = DurationFrom(hook.timeout_ns()),
                           .period = DurationFrom(hook.period_ns())});
  }
  rules.patience = DurationFrom(record.patience_ns());
  return rules;
}

void Put(const FreezeWindow& window, stored::FreezeWindow& record) {
  record.set_name(window.name);
  record.set_weekdays(window.weekdays);
  record.set_begin_ns(ToStored(window.begin));
  record.set_length_ns(ToStored(window.length));
  record.set_utc_offset_ns(ToStored(window.utc_offset));
  record.set_from_ns(ToStored(window.from));
  record.set_until_ns(ToStored(window.until));
}

FreezeWindow From(const stored::FreezeWindow& record) {
  return {.name = record.name(),
          .weekdays = static_cast<uint8_t>(record.weekdays()),
          .begin = DurationFrom(record.begin_ns()),
          .length = DurationFrom(record.length_ns()),
          .utc_offset = DurationFrom(record.utc_offset_ns()),
          .from = TimeFrom(record.from_ns()),
          .until = TimeFrom(record.until_ns())};
}

// ---- routes ----

void Put(const RouteKey& key, const RouteRecord& route, stored::SwitchRoute& record) {
  *record.mutable_key() = ToRecord(key);
  *record.mutable_wished() = ToRecord(route.wished);
  record.set_written(route.written);
  *record.mutable_read() = ToRecord(route.read);
  record.set_instance(route.instance);
  record.set_heals(route.heals);
  record.set_healing_since_ns(ToStored(route.healing_since));
}

absl::Status Get(const stored::SwitchRoute& record, RouteRecord& route) {
  EVENKEEL_ASSIGN_OR_RETURN(route.wished, FromRecord(record.wished()));
  route.written = record.written();
  EVENKEEL_ASSIGN_OR_RETURN(route.read, FromRecord(record.read()));
  route.instance = record.instance();
  route.heals = record.heals();
  route.healing_since = TimeFrom(record.healing_since_ns());
  return absl::OkStatus();
}

// ---- what was counted ----

void Put(const SideCount& count, stored::SideCount& record) {
  record.set_requests(count.requests);
  record.set_server_errors(count.server_errors);
  record.set_failed(count.failed);
  record.set_cut(count.cut);
  // As nothing is stored of what is not measured.
  if (count.answer_time != AnswerTime{}) *record.mutable_answer_time() = ToRecord(count.answer_time);
}

SideCount From(const stored::SideCount& record) {
  return {.requests = record.requests(),
          .server_errors = record.server_errors(),
          .failed = record.failed(),
          .cut = record.cut(),
          .answer_time = FromRecord(record.answer_time())};
}

void Put(const RouteKey& key, const RouteCount& count, stored::RouteCount& record) {
  *record.mutable_key() = ToRecord(key);
  record.set_instance(count.instance);
  Put(count.from.blue, *record.mutable_blue_from());
  Put(count.from.green, *record.mutable_green_from());
  Put(count.last.blue, *record.mutable_blue_last());
  Put(count.last.green, *record.mutable_green_last());
  Put(count.before.blue, *record.mutable_blue_before());
  Put(count.before.green, *record.mutable_green_before());
}

RouteCount From(const stored::RouteCount& record) {
  return {.instance = record.instance(),
          .from = {From(record.blue_from()), From(record.green_from())},
          .last = {From(record.blue_last()), From(record.green_last())},
          .before = {From(record.blue_before()), From(record.green_before())}};
}

void Put(const LedgerSpan& span, stored::LedgerSpan& record) {
  record.set_phase(ToStored(kPhases, span.phase));
  record.set_step(span.step);
  record.set_percent(span.percent);
  record.set_begin_ns(ToStored(span.begin));
  for (const auto& [key, count] : span.routes) Put(key, count, *record.add_routes());
  PutProbes(span.probes, *record.mutable_probes());
}

absl::Status Get(const stored::LedgerSpan& record, LedgerSpan& span) {
  EVENKEEL_RETURN_IF_ERROR(FromStored(kPhases, record.phase(), "LedgerSpan.phase", span.phase));
  span.step = record.step();
  span.percent = record.percent();
  span.begin = TimeFrom(record.begin_ns());
  for (const stored::RouteCount& route : record.routes()) span.routes[FromRecord(route.key())] = From(route);
  return GetProbes(record.probes(), span.probes);
}

void Put(const LostRequest& lost, stored::LostRequest& record) {
  *record.mutable_failure() = ToRecord(lost.failure);
  record.set_span(lost.span);
}

absl::Status Get(const stored::LostRequest& record, LostRequest& lost) {
  EVENKEEL_ASSIGN_OR_RETURN(lost.failure, FromRecord(record.failure()));
  lost.span = record.span();
  return absl::OkStatus();
}

void Put(const LossLedger& ledger, stored::LossLedger& record) {
  for (const LedgerSpan& span : ledger.spans) Put(span, *record.add_spans());
  record.set_spans_gone(ledger.spans_gone);
  Put(ledger.older.blue, *record.mutable_older_blue());
  Put(ledger.older.green, *record.mutable_older_green());
  PutProbes(ledger.older_probes, *record.mutable_older_probes());
  for (const LostRequest& lost : ledger.lost) Put(lost, *record.add_lost());
  record.set_prober_run(ledger.prober_run);
  PutProbes(ledger.prober_totals, *record.mutable_prober_totals());
}

absl::Status Get(const stored::LossLedger& record, LossLedger& ledger) {
  for (const stored::LedgerSpan& span : record.spans()) {
    EVENKEEL_RETURN_IF_ERROR(Get(span, ledger.spans.emplace_back()));
  }
  ledger.spans_gone = record.spans_gone();
  ledger.older = {From(record.older_blue()), From(record.older_green())};
  EVENKEEL_RETURN_IF_ERROR(GetProbes(record.older_probes(), ledger.older_probes));
  for (const stored::LostRequest& lost : record.lost()) {
    EVENKEEL_RETURN_IF_ERROR(Get(lost, ledger.lost.emplace_back()));
  }
  ledger.prober_run = record.prober_run();
  return GetProbes(record.prober_totals(), ledger.prober_totals);
}

// ---- steps ----

void Put(const StepReport& report, stored::SwitchStepReport& record) {
  record.set_step(report.step);
  record.set_decided_ns(ToStored(report.decided));
  if (report.moved) record.set_moved_ns(ToStored(*report.moved));
  if (report.ended) record.set_ended_ns(ToStored(*report.ended));
  for (const GateAnswer& answer : report.gates) {
    stored::GateAnswer& added = *record.add_gates();
    added.set_gate(answer.gate);
    added.set_verdict(ToStored(answer.verdict));
    added.set_reason(answer.reason);
  }
}

absl::Status Get(const stored::SwitchStepReport& record, StepReport& report) {
  report.step = record.step();
  report.decided = TimeFrom(record.decided_ns());
  if (record.has_moved_ns()) report.moved = TimeFrom(record.moved_ns());
  if (record.has_ended_ns()) report.ended = TimeFrom(record.ended_ns());
  for (const stored::GateAnswer& answer : record.gates()) {
    GateAnswer& added = report.gates.emplace_back();
    added.gate = answer.gate();
    EVENKEEL_RETURN_IF_ERROR(FromStored(answer.verdict(), "GateAnswer.verdict", added.verdict));
    added.reason = answer.reason();
  }
  return absl::OkStatus();
}

void PutProgress(const SwitchRecord& one, stored::SwitchRecord& record) {
  record.set_of_lost_cluster(one.origin == SwitchOrigin::kLostCluster);
  record.set_phase(ToStored(kPhases, one.phase));
  record.set_phase_since_ns(ToStored(one.phase_since));
  record.set_step(one.step);
  record.set_approved(one.approved);
  record.set_step_shown_since_ns(ToStored(one.step_shown_since));
  record.set_may_hurry(one.may_hurry);
  if (one.stop) {
    record.mutable_stop()->set_cause(ToStored(kCauses, one.stop->cause));
    record.mutable_stop()->set_reason(one.stop->reason);
    record.mutable_stop()->set_since_ns(ToStored(one.stop->since));
  }
  record.set_draining_since_ns(ToStored(one.draining_since));
  record.set_hold_until_ns(ToStored(one.hold_until));
  record.set_drained(one.drained);
  record.set_commit_wished(one.commit_wished);
  record.set_may_cut(one.may_cut);
  record.set_rollback_reason(one.rollback_reason);
  record.set_rollback_ordered(one.rollback_ordered);
  if (one.end) record.set_end(ToStored(kEnds, *one.end));
  record.set_outcome(one.outcome);
}

absl::Status GetProgress(const stored::SwitchRecord& record, SwitchRecord& one) {
  one.origin = record.of_lost_cluster() ? SwitchOrigin::kLostCluster : SwitchOrigin::kOperator;
  EVENKEEL_RETURN_IF_ERROR(FromStored(kPhases, record.phase(), "SwitchRecord.phase", one.phase));
  one.phase_since = TimeFrom(record.phase_since_ns());
  one.step = record.step();
  one.approved = record.approved();
  one.step_shown_since = TimeFrom(record.step_shown_since_ns());
  one.may_hurry = record.may_hurry();
  if (record.has_stop()) {
    SwitchStop& stop = one.stop.emplace();
    EVENKEEL_RETURN_IF_ERROR(FromStored(kCauses, record.stop().cause(), "SwitchStop.cause", stop.cause));
    stop.reason = record.stop().reason();
    stop.since = TimeFrom(record.stop().since_ns());
  }
  one.draining_since = TimeFrom(record.draining_since_ns());
  one.hold_until = TimeFrom(record.hold_until_ns());
  one.drained = record.drained();
  one.commit_wished = record.commit_wished();
  one.may_cut = record.may_cut();
  one.rollback_reason = record.rollback_reason();
  one.rollback_ordered = record.rollback_ordered();
  if (record.end() != stored::SWITCH_END_UNSPECIFIED) {
    EVENKEEL_RETURN_IF_ERROR(FromStored(kEnds, record.end(), "SwitchRecord.end", one.end.emplace()));
  }
  one.outcome = record.outcome();
  return absl::OkStatus();
}

absl::Status GetBaseline(const stored::SwitchBaseline& record, Baseline& baseline) {
  // What is no number would poison all comparisons without a word.
  if (!std::isfinite(record.bad_permille())) {
    return absl::DataLossError("stored field SwitchBaseline.bad_permille is not a number: it is damaged");
  }
  baseline.bad_permille = record.bad_permille();
  if (record.has_latency_mean_ns()) baseline.latency_mean = DurationFrom(record.latency_mean_ns());
  baseline.latency_within = DurationFrom(record.latency_within_ns());
  return absl::OkStatus();
}

}  // namespace

stored::SwitchSpec ToRecord(const SwitchSpec& spec) {
  stored::SwitchSpec record;
  record.set_name(spec.name);
  record.set_from(spec.from);
  record.set_to(spec.to);
  for (const Application& application : spec.applications) *record.add_applications() = ToRecord(application);
  for (const SwitchedRoute& route : spec.routes) Put(route, *record.add_routes());
  for (const SwitchStep& step : spec.steps) Put(step, *record.add_steps());
  Put(spec.gates, *record.mutable_gates());
  stored::SwitchProber& prober = *record.mutable_prober();
  prober.set_url(spec.prober.url);
  prober.set_slow_path(spec.prober.slow_path);
  prober.set_stream_path(spec.prober.stream_path);
  prober.set_per_second(spec.prober.per_second);
  prober.set_side_header(spec.prober.side_header);
  record.set_drain_deadline_ns(ToStored(spec.drain.deadline));
  record.set_at_drain_deadline(ToStored(kAtDeadline, spec.drain.at_deadline));
  record.set_hold_ns(ToStored(spec.hold.length));
  record.set_commit_by_itself(spec.hold.commit_by_itself);
  record.set_close_blue(spec.hold.close_blue);
  record.set_stop_on_failed_gate(spec.on_failed_gate == OnFailedGate::kStop);
  record.set_heal_foreign_change(spec.on_foreign_change == OnForeignChange::kHeal);
  record.set_stop_on_reload(spec.on_reload == OnForeignChange::kStop);
  record.set_finish_on_lost_blue(spec.on_lost_blue == OnLostBlue::kFinish);
  for (const FreezeWindow& window : spec.freezes) Put(window, *record.add_freezes());
  record.set_max_cpu_percent(spec.max_cpu_percent);
  record.set_allow_differences(spec.allow_differences);
  record.set_enforce(spec.mode == SwitchMode::kEnforce);
  return record;
}

absl::StatusOr<SwitchSpec> FromRecord(const stored::SwitchSpec& record) {
  SwitchSpec spec;
  spec.name = record.name();
  spec.from = record.from();
  spec.to = record.to();
  for (const auto& application : record.applications()) spec.applications.push_back(FromRecord(application));
  for (const auto& route : record.routes()) spec.routes.push_back(From(route));
  for (const auto& step : record.steps()) spec.steps.push_back(From(step));
  spec.gates = From(record.gates());
  spec.prober = {.url = record.prober().url(),
                 .slow_path = record.prober().slow_path(),
                 .stream_path = record.prober().stream_path(),
                 .per_second = record.prober().per_second(),
                 .side_header = record.prober().side_header()};
  spec.drain.deadline = DurationFrom(record.drain_deadline_ns());
  EVENKEEL_RETURN_IF_ERROR(FromStored(kAtDeadline, record.at_drain_deadline(), "SwitchSpec.at_drain_deadline",
                                      spec.drain.at_deadline));
  spec.hold.length = DurationFrom(record.hold_ns());
  spec.hold.commit_by_itself = record.commit_by_itself();
  spec.hold.close_blue = record.close_blue();
  spec.on_failed_gate = record.stop_on_failed_gate() ? OnFailedGate::kStop : OnFailedGate::kRollBack;
  spec.on_foreign_change = record.heal_foreign_change() ? OnForeignChange::kHeal : OnForeignChange::kStop;
  spec.on_reload = record.stop_on_reload() ? OnForeignChange::kStop : OnForeignChange::kHeal;
  spec.on_lost_blue = record.finish_on_lost_blue() ? OnLostBlue::kFinish : OnLostBlue::kAsk;
  for (const auto& window : record.freezes()) spec.freezes.push_back(From(window));
  spec.max_cpu_percent = record.max_cpu_percent();
  spec.allow_differences = record.allow_differences();
  spec.mode = record.enforce() ? SwitchMode::kEnforce : SwitchMode::kObserve;
  return spec;
}

stored::SwitchRecord ToRecord(const StoredSwitch& whole) {
  const SwitchRecord& one = whole.record;
  stored::SwitchRecord record;
  *record.mutable_decision() = ToRecord(whole.decision);
  *record.mutable_spec() = ToRecord(one.spec);
  PutProgress(one, record);
  for (const auto& [key, route] : one.routes) Put(key, route, *record.add_routes());
  for (const auto& [application, pods] : one.needed) {
    stored::NeededPods& needed = *record.add_needed();
    *needed.mutable_application() = ToRecord(application);
    needed.set_pods(pods);
  }
  if (one.baseline) {
    record.mutable_baseline()->set_bad_permille(one.baseline->bad_permille);
    if (one.baseline->latency_mean) {
      record.mutable_baseline()->set_latency_mean_ns(ToStored(*one.baseline->latency_mean));
    }
    record.mutable_baseline()->set_latency_within_ns(ToStored(one.baseline->latency_within));
  }
  Put(one.ledger, *record.mutable_ledger());
  for (const StepReport& report : one.reports) Put(report, *record.add_reports());
  return record;
}

absl::StatusOr<StoredSwitch> FromRecord(const stored::SwitchRecord& record) {
  StoredSwitch whole;
  SwitchRecord& one = whole.record;
  whole.decision = FromRecord(record.decision());
  absl::StatusOr<SwitchSpec> spec = FromRecord(record.spec());
  if (!spec.ok()) return spec.status();
  one.spec = *std::move(spec);
  EVENKEEL_RETURN_IF_ERROR(GetProgress(record, one));
  for (const stored::SwitchRoute& route : record.routes()) {
    EVENKEEL_RETURN_IF_ERROR(Get(route, one.routes[FromRecord(route.key())]));
  }
  for (const stored::NeededPods& needed : record.needed()) {
    one.needed[FromRecord(needed.application())] = needed.pods();
  }
  if (record.has_baseline()) {
    EVENKEEL_RETURN_IF_ERROR(GetBaseline(record.baseline(), one.baseline.emplace()));
  }
  EVENKEEL_RETURN_IF_ERROR(Get(record.ledger(), one.ledger));
  for (const stored::SwitchStepReport& report : record.reports()) {
    EVENKEEL_RETURN_IF_ERROR(Get(report, one.reports.emplace_back()));
  }
  return whole;
}

}  // namespace evenkeel::coordinator
