#include "cli/show/switch_story.h"

#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "cli/print/table.h"
#include "cli/print/text.h"
#include "cli/show/switch_words.h"

namespace evenkeel::cli {
namespace {

// The rows under their headers, indented.
std::string Tabled(std::vector<Column> columns, const std::vector<Row>& rows) {
  std::ostringstream out;
  Table(std::move(columns), false).Print(out, rows);
  std::string text;
  for (const absl::string_view line : absl::StrSplit(out.str(), '\n', absl::SkipEmpty())) {
    absl::StrAppend(&text, "  ", line, "\n");
  }
  return text;
}

// "5 pass", or what did not.
std::string GatesText(const v1::SwitchStepReport& report) {
  std::vector<std::string> others;
  for (const v1::GateAnswer& gate : report.gates()) {
    if (gate.verdict() == v1::GateAnswer::VERDICT_PASS) continue;
    others.push_back(absl::StrCat(
        gate.gate(), gate.verdict() == v1::GateAnswer::VERDICT_FAIL ? " FAILS: " : " ?: ", gate.reason()));
  }
  if (!others.empty()) return absl::StrJoin(others, "; ");
  return report.gates().empty() ? std::string(kNone) : absl::StrCat(report.gates_size(), " pass");
}

Row StepRow(const v1::Switch& one, const v1::SwitchStepReport& report, absl::Time now) {
  const int step = static_cast<int>(report.step());
  const absl::Time decided = ToTime(report.decide_time());
  const absl::Time ended = report.has_end_time() ? ToTime(report.end_time()) : now;
  return {{step < one.spec().steps_size() ? StepText(one.spec().steps(step)) : absl::StrCat(step + 1)},
          {Instant(decided)},
          {report.has_move_time() ? Span(ToTime(report.move_time()) - decided) : std::string(kNone)},
          {Span(ended - decided)},
          {GatesText(report)}};
}

Row SpanRow(const v1::LedgerSpan& span, absl::Time end) {
  const absl::Time begin = ToTime(span.begin_time());
  return {{EnumPhrase(v1::Switch::Phase_Name(span.phase()), "PHASE_")},
          {absl::StrCat(span.percent(), " %")},
          {Instant(begin)},
          {Span(end - begin)},
          {SumOf(span.blue()).Text("failed")},
          {SumOf(span.green()).Text("failed")},
          {SumOf(span.probes()).Text("lost")}};
}

}  // namespace

std::string SwitchStory(const v1::Switch& one, absl::Time now) {
  const v1::LossLedger& ledger = one.ledger();
  const absl::Time end = one.has_end_time() ? ToTime(one.end_time()) : now;
  std::string text;
  if (!one.reports().empty()) {
    std::vector<Row> rows;
    for (const v1::SwitchStepReport& report : one.reports()) rows.push_back(StepRow(one, report, end));
    absl::StrAppend(&text, "\nSteps:\n",
                    Tabled({{"STEP"}, {"DECIDED"}, {"MOVED AFTER"}, {"LASTED"}, {"GATES"}}, rows));
  }
  if (!ledger.spans().empty()) {
    std::vector<Row> rows;
    for (int i = 0; i < ledger.spans_size(); ++i) {
      const bool last = i + 1 == ledger.spans_size();
      rows.push_back(SpanRow(ledger.spans(i), last ? end : ToTime(ledger.spans(i + 1).begin_time())));
    }
    absl::StrAppend(
        &text, "\nRequests, by part of the switch",
        ledger.earlier_spans() > 0
            ? absl::StrCat(" (", ledger.earlier_spans(), " earlier parts are left out)")
            : "",
        ":\n",
        Tabled({{"PHASE"}, {"GREEN'S SHARE"}, {"BEGAN"}, {"LASTED"}, {"BLUE"}, {"GREEN"}, {"PROBER"}}, rows));
  }
  absl::StrAppend(&text, "\nIn all: blue ", SumOf(ledger.blue()).Text("failed"), ", green ",
                  SumOf(ledger.green()).Text("failed"), ", prober ", SumOf(ledger.probes()).Text("lost"),
                  ".\n");
  if (!ledger.lost().empty()) absl::StrAppend(&text, "\nLost by the prober:\n");
  for (const v1::LostRequest& lost : ledger.lost()) {
    absl::StrAppend(&text, "  ", Printable(LostText(lost, ledger)), "\n");
  }
  return text;
}

}  // namespace evenkeel::cli
