#include "coordinator/serve/switch_message.h"

#include <string>

#include "coordinator/serve/convert.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/switch_spec_message.h"

namespace evenkeel::coordinator {
namespace {

v1::PreflightFinding::Severity ToMessage(Severity severity) {
  switch (severity) {
    case Severity::kNote:
      return v1::PreflightFinding::SEVERITY_NOTE;
    case Severity::kWarning:
      return v1::PreflightFinding::SEVERITY_WARNING;
    case Severity::kBlocker:
      return v1::PreflightFinding::SEVERITY_BLOCKER;
  }
  return v1::PreflightFinding::SEVERITY_UNSPECIFIED;
}

v1::PreflightFinding::Code ToMessage(FindingCode code) {
  switch (code) {
    case FindingCode::kCluster:
      return v1::PreflightFinding::CODE_CLUSTER;
    case FindingCode::kAgents:
      return v1::PreflightFinding::CODE_AGENTS;
    case FindingCode::kApplication:
      return v1::PreflightFinding::CODE_APPLICATION;
    case FindingCode::kDifference:
      return v1::PreflightFinding::CODE_DIFFERENCE;
    case FindingCode::kHeadroom:
      return v1::PreflightFinding::CODE_HEADROOM;
    case FindingCode::kAnswer:
      return v1::PreflightFinding::CODE_ANSWER;
    case FindingCode::kGateway:
      return v1::PreflightFinding::CODE_GATEWAY;
    case FindingCode::kFreeze:
      return v1::PreflightFinding::CODE_FREEZE;
    case FindingCode::kConflict:
      return v1::PreflightFinding::CODE_CONFLICT;
    case FindingCode::kProof:
      return v1::PreflightFinding::CODE_PROOF;
  }
  return v1::PreflightFinding::CODE_UNSPECIFIED;
}

v1::GateAnswer::Verdict ToMessage(GateVerdict verdict) {
  switch (verdict) {
    case GateVerdict::kPass:
      return v1::GateAnswer::VERDICT_PASS;
    case GateVerdict::kFail:
      return v1::GateAnswer::VERDICT_FAIL;
    case GateVerdict::kInconclusive:
      return v1::GateAnswer::VERDICT_INCONCLUSIVE;
  }
  return v1::GateAnswer::VERDICT_UNSPECIFIED;
}

v1::Switch::Phase ToMessage(SwitchPhase phase) {
  switch (phase) {
    case SwitchPhase::kPreflight:
      return v1::Switch::PHASE_PREFLIGHT;
    case SwitchPhase::kMoving:
      return v1::Switch::PHASE_MOVING;
    case SwitchPhase::kSoaking:
      return v1::Switch::PHASE_SOAKING;
    case SwitchPhase::kDraining:
      return v1::Switch::PHASE_DRAINING;
    case SwitchPhase::kHolding:
      return v1::Switch::PHASE_HOLDING;
    case SwitchPhase::kCommitting:
      return v1::Switch::PHASE_COMMITTING;
    case SwitchPhase::kRollingBack:
      return v1::Switch::PHASE_ROLLING_BACK;
    case SwitchPhase::kEnded:
      return v1::Switch::PHASE_ENDED;
  }
  return v1::Switch::PHASE_UNSPECIFIED;
}

v1::Switch::End ToMessage(SwitchEnd end) {
  switch (end) {
    case SwitchEnd::kCommitted:
      return v1::Switch::END_COMMITTED;
    case SwitchEnd::kRolledBack:
      return v1::Switch::END_ROLLED_BACK;
    case SwitchEnd::kRefused:
      return v1::Switch::END_REFUSED;
    case SwitchEnd::kObserved:
      return v1::Switch::END_OBSERVED;
    case SwitchEnd::kCancelled:
      return v1::Switch::END_CANCELLED;
  }
  return v1::Switch::END_UNSPECIFIED;
}

v1::Switch::StopCause ToMessage(StopCause cause) {
  switch (cause) {
    case StopCause::kOperator:
      return v1::Switch::STOP_CAUSE_OPERATOR;
    case StopCause::kApproval:
      return v1::Switch::STOP_CAUSE_APPROVAL;
    case StopCause::kGates:
      return v1::Switch::STOP_CAUSE_GATES;
    case StopCause::kWayBack:
      return v1::Switch::STOP_CAUSE_WAY_BACK;
    case StopCause::kForeignChange:
      return v1::Switch::STOP_CAUSE_FOREIGN_CHANGE;
    case StopCause::kGateway:
      return v1::Switch::STOP_CAUSE_GATEWAY;
    case StopCause::kRefused:
      return v1::Switch::STOP_CAUSE_REFUSED;
    case StopCause::kOutranked:
      return v1::Switch::STOP_CAUSE_OUTRANKED;
    case StopCause::kLostBlue:
      return v1::Switch::STOP_CAUSE_LOST_BLUE;
    case StopCause::kDrain:
      return v1::Switch::STOP_CAUSE_DRAIN;
  }
  return v1::Switch::STOP_CAUSE_UNSPECIFIED;
}

v1::ProbeCount::Kind ToMessage(ProbeKind kind) {
  switch (kind) {
    case ProbeKind::kFresh:
      return v1::ProbeCount::KIND_FRESH;
    case ProbeKind::kKeepAlive:
      return v1::ProbeCount::KIND_KEEP_ALIVE;
    case ProbeKind::kSlow:
      return v1::ProbeCount::KIND_SLOW;
    case ProbeKind::kStream:
      return v1::ProbeCount::KIND_STREAM;
  }
  return v1::ProbeCount::KIND_UNSPECIFIED;
}

const char* ModeWord(BackendMode mode) {
  switch (mode) {
    case BackendMode::kServing:
      return "serving";
    case BackendMode::kDraining:
      return "draining";
    case BackendMode::kClosed:
      return "closed";
  }
  return "serving";
}

void Put(const SideCount& count, v1::SideCount& message) {
  message.set_requests(count.requests);
  message.set_server_errors(count.server_errors);
  message.set_failed(count.failed);
  message.set_cut(count.cut);
}

template <typename Messages>
void Put(const ProbeCounts& counts, Messages& messages) {
  for (const auto& [kind, count] : counts) {
    v1::ProbeCount& message = *messages.Add();
    message.set_kind(ToMessage(kind));
    message.set_requests(count.requests);
    message.set_failed(count.failed);
    message.set_failed_on_blue(count.failed_on_blue);
    message.set_failed_on_green(count.failed_on_green);
  }
}

void Put(const StepReport& report, v1::SwitchStepReport& message) {
  message.set_step(report.step);
  *message.mutable_decide_time() = coordinator::ToMessage(report.decided);
  if (report.moved) *message.mutable_move_time() = coordinator::ToMessage(*report.moved);
  if (report.ended) *message.mutable_end_time() = coordinator::ToMessage(*report.ended);
  for (const GateAnswer& answer : report.gates) *message.add_gates() = coordinator::ToMessage(answer);
}

// How long a backend's answers took on average in the present span.
std::optional<absl::Duration> MeanOf(const LossLedger& ledger, const SwitchedRoute& route,
                                     const std::string& backend) {
  if (ledger.spans.empty() || (backend != route.blue && backend != route.green)) return std::nullopt;
  const auto counted = ledger.spans.back().routes.find(route.key);
  if (counted == ledger.spans.back().routes.end()) return std::nullopt;
  const Side side = backend == route.blue ? Side::kBlue : Side::kGreen;
  return counted->second.Total().Of(side).answer_time.Mean();
}

void Put(const std::string& name, const BackendReading& reading, v1::SwitchRouteStatus::Backend& message) {
  message.set_backend(name);
  message.set_percent(reading.percent);
  message.set_mode(ModeWord(reading.mode));
  message.set_servers(reading.servers);
  message.set_servers_up(reading.servers_up);
  if (reading.in_flight) message.set_in_flight(*reading.in_flight);
}

}  // namespace

v1::PreflightFinding ToMessage(const Finding& finding) {
  v1::PreflightFinding message;
  message.set_code(ToMessage(finding.code));
  message.set_severity(ToMessage(finding.severity));
  message.set_subject(finding.subject);
  message.set_message(finding.words);
  return message;
}

v1::SwitchForecast ToMessage(const Forecast& forecast) {
  v1::SwitchForecast message;
  message.set_percent(forecast.percent);
  message.set_load_millicores(forecast.load_millicores);
  message.set_cpu_percent(forecast.cpu_percent);
  message.set_cpu_percent_with_virtual(forecast.with_virtual_percent);
  return message;
}

v1::GateAnswer ToMessage(const GateAnswer& answer) {
  v1::GateAnswer message;
  message.set_gate(answer.gate);
  message.set_verdict(ToMessage(answer.verdict));
  message.set_reason(answer.reason);
  return message;
}

v1::LossLedger ToMessage(const LossLedger& ledger) {
  v1::LossLedger message;
  for (const LedgerSpan& span : ledger.spans) {
    v1::LedgerSpan& added = *message.add_spans();
    added.set_phase(ToMessage(span.phase));
    added.set_step(span.step);
    added.set_percent(span.percent);
    *added.mutable_begin_time() = ToMessage(span.begin);
    const BothCounts total = span.Total();
    Put(total.blue, *added.mutable_blue());
    Put(total.green, *added.mutable_green());
    Put(span.probes, *added.mutable_probes());
  }
  message.set_earlier_spans(ledger.spans_gone);
  for (const LostRequest& lost : ledger.lost) {
    v1::LostRequest& added = *message.add_lost();
    *added.mutable_time() = ToMessage(lost.failure.time);
    added.set_kind(ToMessage(lost.failure.kind));
    if (lost.failure.side) added.set_side(Word(*lost.failure.side));
    added.set_detail(lost.failure.detail);
    added.set_span(lost.span);
  }
  const BothCounts total = TotalOf(ledger);
  Put(total.blue, *message.mutable_blue());
  Put(total.green, *message.mutable_green());
  Put(ProbesOf(ledger), *message.mutable_probes());
  return message;
}

v1::Switch ToMessage(const DecisionId& decision, const SwitchRecord& record, absl::Time created,
                     std::optional<absl::Time> ended) {
  v1::Switch message;
  const bool is_over = record.phase == SwitchPhase::kEnded;
  message.set_name(SwitchResource(is_over ? decision.ToString() : record.spec.name));
  message.set_switch_id(record.spec.name);
  message.set_decision(DecisionResource(decision));
  *message.mutable_spec() = ToMessage(record.spec);
  message.set_of_lost_cluster(record.origin == SwitchOrigin::kLostCluster);
  message.set_phase(ToMessage(record.phase));
  *message.mutable_phase_time() = ToMessage(record.phase_since);
  message.set_step(record.step);
  if (record.stop) {
    message.set_stop_cause(ToMessage(record.stop->cause));
    message.set_stop_reason(record.stop->reason);
    *message.mutable_stop_time() = ToMessage(record.stop->since);
  }
  for (const StepReport& report : record.reports) Put(report, *message.add_reports());
  *message.mutable_ledger() = ToMessage(record.ledger);
  if (record.phase == SwitchPhase::kHolding) {
    *message.mutable_hold_end_time() = ToMessage(record.hold_until);
  }
  message.set_drained(record.drained);
  if (record.end) message.set_end(ToMessage(*record.end));
  message.set_outcome(record.outcome);
  *message.mutable_create_time() = ToMessage(created);
  if (ended) *message.mutable_end_time() = ToMessage(*ended);
  return message;
}

v1::Switch ToMessage(const SwitchStatus& status, absl::Time created, std::optional<absl::Time> ended) {
  v1::Switch message = ToMessage(status.decision, status.record, created, ended);
  message.set_waiting_for(status.waits_for);
  for (const Finding& finding : status.findings) *message.add_findings() = ToMessage(finding);
  for (const GateAnswer& answer : status.gates) *message.add_gates() = ToMessage(answer);
  for (const SwitchedRoute& route : status.record.spec.routes) {
    v1::SwitchRouteStatus& added = *message.add_routes();
    added.set_gateway(route.key.gateway);
    added.set_route(route.key.route);
    const auto known = status.record.routes.find(route.key);
    added.set_written(known != status.record.routes.end() && known->second.written);
    const auto reading = status.routes.find(route.key);
    if (reading == status.routes.end()) {
      added.set_detail("it is not read");
      continue;
    }
    for (const auto& [name, backend] : reading->second.backends) {
      v1::SwitchRouteStatus::Backend& shown = *added.add_backends();
      Put(name, backend, shown);
      if (const auto mean = MeanOf(status.record.ledger, route, name)) {
        *shown.mutable_latency_mean() = coordinator::ToMessage(*mean);
      }
    }
  }
  return message;
}

void Shorten(v1::Switch& message) {
  message.mutable_ledger()->clear_spans();
  message.mutable_ledger()->clear_lost();
  for (v1::SwitchStepReport& report : *message.mutable_reports()) report.clear_gates();
}

}  // namespace evenkeel::coordinator
