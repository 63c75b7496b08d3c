#include "cli/show/switches.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "cli/print/text.h"
#include "cli/show/switch_words.h"

namespace evenkeel::cli {
namespace {

// A line and what belongs to it.
struct Branch {
  std::string text;
  std::vector<Branch> parts;
};

void Draw(const Branch& branch, const std::string& indent, std::string& out) {
  for (size_t i = 0; i < branch.parts.size(); ++i) {
    const bool last = i + 1 == branch.parts.size();
    absl::StrAppend(&out, indent, last ? "`- " : "|- ", Printable(branch.parts[i].text), "\n");
    Draw(branch.parts[i], absl::StrCat(indent, last ? "   " : "|  "), out);
  }
}

bool HasStep(const v1::Switch& one) {
  return one.reports_size() > 0 && static_cast<int>(one.step()) < one.spec().steps_size();
}

Branch Head(const v1::Switch& one, absl::Time now) {
  std::string text = NameText(one);
  const bool ended = one.phase() == v1::Switch::PHASE_ENDED;
  if (ended && !one.switch_id().empty()) absl::StrAppend(&text, " (", LastSegment(one.decision()), ")");
  absl::StrAppend(&text, "  ", FromToText(one), "  ", PhaseText(one));
  if (ended) return {std::move(text), {}};
  if (HasStep(one)) absl::StrAppend(&text, " at ", StepText(one.spec().steps(static_cast<int>(one.step()))));
  absl::StrAppend(&text, " for ", Span(now - ToTime(one.phase_time())));
  return {std::move(text), {}};
}

void AddStop(const v1::Switch& one, absl::Time now, Branch& head) {
  if (one.stop_cause() != v1::Switch::STOP_CAUSE_UNSPECIFIED) {
    head.parts.push_back(
        {absl::StrCat("STOPPED  ", one.stop_reason(), " (", Span(now - ToTime(one.stop_time())), " ago)"),
         {}});
  }
  if (!one.waiting_for().empty()) head.parts.push_back({absl::StrCat("waits    ", one.waiting_for()), {}});
  if (one.phase() == v1::Switch::PHASE_HOLDING) {
    head.parts.push_back({absl::StrCat("way back open for ", Span(ToTime(one.hold_end_time()) - now),
                                       one.drained() ? "; blue is drained" : "; blue is not drained yet"),
                          {}});
  }
  if (!one.outcome().empty()) head.parts.push_back({absl::StrCat("outcome  ", one.outcome()), {}});
}

void AddSteps(const v1::Switch& one, Branch& head) {
  std::vector<std::string> steps;
  for (int i = 0; i < one.spec().steps_size(); ++i) {
    std::string text = StepText(one.spec().steps(i));
    const bool begun = HasStep(one);
    const int present = static_cast<int>(one.step());
    if (begun && i < present) absl::StrAppend(&text, " done");
    if (begun && i == present) absl::StrAppend(&text, " ", PhaseText(one));
    steps.push_back(std::move(text));
  }
  head.parts.push_back({absl::StrCat("steps    ", absl::StrJoin(steps, ", ")), {}});
}

Branch Backend(absl::string_view side, const v1::SwitchRouteStatus::Backend& backend) {
  std::string text =
      absl::StrCat(side, side == "blue" ? "  " : " ", backend.backend(), "  ", backend.percent(), " %");
  if (backend.mode() != "serving") absl::StrAppend(&text, " ", backend.mode());
  absl::StrAppend(&text, "  ", backend.servers_up(), " of ", backend.servers(), " up");
  if (backend.has_in_flight()) absl::StrAppend(&text, "  ", backend.in_flight(), " in flight");
  if (backend.has_latency_mean()) {
    absl::StrAppend(&text, "  ",
                    Span(absl::Seconds(backend.latency_mean().seconds()) +
                         absl::Nanoseconds(backend.latency_mean().nanos())));
  }
  return {std::move(text), {}};
}

void AddRoutes(const v1::Switch& one, Branch& head) {
  for (int i = 0; i < one.routes_size(); ++i) {
    const v1::SwitchRouteStatus& route = one.routes(i);
    Branch branch{absl::StrCat(route.gateway(), "/", route.route()), {}};
    if (!route.detail().empty()) absl::StrAppend(&branch.text, "  ", route.detail());
    const v1::SwitchedRoute* sides = i < one.spec().routes_size() ? &one.spec().routes(i) : nullptr;
    for (const bool green : {true, false}) {
      for (const auto& backend : route.backends()) {
        if (sides == nullptr || backend.backend() != (green ? sides->green() : sides->blue())) continue;
        branch.parts.push_back(Backend(green ? "green" : "blue", backend));
      }
    }
    for (const auto& backend : route.backends()) {
      const bool known =
          sides != nullptr && (backend.backend() == sides->green() || backend.backend() == sides->blue());
      if (!known) branch.parts.push_back(Backend("other", backend));
    }
    head.parts.push_back(std::move(branch));
  }
}

// Only what does not pass is told.
void AddGates(const v1::Switch& one, Branch& head) {
  if (one.gates().empty()) return;
  int pass = 0;
  int fail = 0;
  int open = 0;
  std::vector<Branch> told;
  for (const v1::GateAnswer& gate : one.gates()) {
    if (gate.verdict() == v1::GateAnswer::VERDICT_PASS) {
      ++pass;
      continue;
    }
    const bool fails = gate.verdict() == v1::GateAnswer::VERDICT_FAIL;
    ++(fails ? fail : open);
    told.push_back({absl::StrCat(gate.gate(), fails ? " FAILS  " : " ?  ", gate.reason()), {}});
  }
  std::vector<std::string> sums = {absl::StrCat(pass, " pass")};
  if (open > 0) sums.push_back(absl::StrCat(open, " inconclusive"));
  if (fail > 0) sums.push_back(absl::StrCat(fail, " fail"));
  head.parts.push_back({absl::StrCat("gates    ", absl::StrJoin(sums, ", ")), std::move(told)});
}

void AddLedger(const v1::Switch& one, Branch& head) {
  const v1::LossLedger& ledger = one.ledger();
  Branch branch{
      absl::StrCat("served   green ", SumOf(ledger.green()).Text("failed"), ", blue ",
                   SumOf(ledger.blue()).Text("failed"), ", prober ", SumOf(ledger.probes()).Text("lost")),
      {}};
  for (const v1::LostRequest& lost : ledger.lost()) branch.parts.push_back({LostText(lost, ledger), {}});
  head.parts.push_back(std::move(branch));
}

}  // namespace

std::string SwitchTree(const v1::Switch& one, absl::Time now) {
  Branch head = Head(one, now);
  AddStop(one, now, head);
  AddSteps(one, head);
  AddRoutes(one, head);
  AddGates(one, head);
  AddLedger(one, head);
  std::string out = absl::StrCat(Printable(head.text), "\n");
  Draw(head, "", out);
  return out;
}

std::string SwitchPlan(const v1::PlanSwitchResponse& plan) {
  std::string out;
  int blockers = 0;
  for (const v1::PreflightFinding& finding : plan.findings()) {
    const bool blocks = finding.severity() == v1::PreflightFinding::SEVERITY_BLOCKER;
    blockers += blocks ? 1 : 0;
    const std::string severity =
        EnumPhrase(v1::PreflightFinding::Severity_Name(finding.severity()), "SEVERITY_");
    absl::StrAppend(&out, blocks ? absl::AsciiStrToUpper(severity) : severity, "  ",
                    Printable(finding.subject()), ": ", Printable(finding.message()), "\n");
  }
  for (const v1::SwitchForecast& forecast : plan.forecasts()) {
    absl::StrAppend(&out, "forecast  at ", forecast.percent(), " %: ", forecast.cpu_percent(),
                    " % of green's CPU");
    if (forecast.cpu_percent_with_virtual() != forecast.cpu_percent()) {
      absl::StrAppend(&out, ", ", forecast.cpu_percent_with_virtual(), " % with virtual nodes");
    }
    absl::StrAppend(&out, "\n");
  }
  absl::StrAppend(&out, blockers == 0
                            ? "Nothing blocks this switch.\n"
                            : absl::StrCat("It cannot be started: ", Count(blockers, "blocker"), ".\n"));
  return out;
}

SwitchLine HistoryLine(const v1::Switch& one, absl::Time now) {
  const Served green = SumOf(one.ledger().green());
  const Served blue = SumOf(one.ledger().blue());
  const absl::Time began = ToTime(one.create_time());
  const absl::Time ended = one.has_end_time() ? ToTime(one.end_time()) : now;
  return {.name = NameText(one),
          .decision = LastSegment(one.decision()),
          .what = FromToText(one),
          .began = Instant(began),
          .took = Span(ended - began),
          .end = PhaseText(one),
          .requests = absl::StrCat(green.requests + blue.requests),
          .lost = absl::StrCat(green.failed + blue.failed, " failed, ", green.cut + blue.cut, " cut, prober ",
                               SumOf(one.ledger().probes()).failed)};
}

}  // namespace evenkeel::cli
