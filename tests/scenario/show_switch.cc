#include "tests/scenario/show_switch.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "coordinator/core/sentences.h"
#include "coordinator/core/switch/shapes.h"

namespace evenkeel::scenario {

using namespace coordinator;  // everything here is about the core's words

namespace {

std::string PhaseText(SwitchPhase phase) {
  return absl::StrReplaceAll(Word(phase), {{"_", " "}});
}

std::string SideText(const char* side, const SideCount& count) {
  const std::string bad = count.Bad() > 0 ? absl::StrCat(", ", count.Bad(), " failed") : "";
  const std::string cut = count.cut > 0 ? absl::StrCat(", ", count.cut, " cut") : "";
  return absl::StrCat(side, " ", Count(count.requests, "request"), bad, cut);
}

}  // namespace

std::string WhereItStands(const SwitchRecord& record) {
  const size_t steps = record.spec.steps.size();
  const bool in_step = record.phase == SwitchPhase::kMoving || record.phase == SwitchPhase::kSoaking;
  const std::string step = in_step ? absl::StrCat(", step ", record.step + 1, " of ", steps, " (",
                                                  Say(record.spec.steps[record.step]), ")")
                                   : "";
  return absl::StrCat(PhaseText(record.phase), step);
}

std::string ShowSwitch(const SwitchStatus& status, absl::Time now) {
  const SwitchRecord& record = status.record;
  std::string text = absl::StrCat("  ", record.spec.name, ": ", WhereItStands(record), ", for ",
                                  Say(now - record.phase_since), "\n");
  if (record.stop) {
    absl::StrAppend(&text, "    it has stopped ", Say(now - record.stop->since),
                    " ago: ", record.stop->reason, "\n");
  }
  if (!status.waits_for.empty()) absl::StrAppend(&text, "    it waits for ", status.waits_for, "\n");
  for (const GateAnswer& gate : status.gates) {
    absl::StrAppend(&text, "    gate ", gate.gate, ": ", Word(gate.verdict), ", ", gate.reason, "\n");
  }
  for (const LedgerSpan& span : record.ledger.spans) {
    const BothCounts total = span.Total();
    absl::StrAppend(&text, "    ", PhaseText(span.phase), " at ", span.percent,
                    " %: ", SideText("blue", total.blue), "; ", SideText("green", total.green), "\n");
  }
  return text;
}

std::string ShowFindings(const std::vector<Finding>& findings, const std::vector<Forecast>& forecasts) {
  std::string text;
  for (const Finding& finding : findings) {
    absl::StrAppend(&text, "    ", Word(finding.severity), ": ", finding.subject, ": ", finding.words, "\n");
  }
  for (const Forecast& forecast : forecasts) {
    absl::StrAppend(&text, "    at ", forecast.percent, " %: ", forecast.cpu_percent,
                    " % of the CPU of green's nodes\n");
  }
  return text;
}

}  // namespace evenkeel::scenario
