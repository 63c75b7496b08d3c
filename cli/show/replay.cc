#include "cli/show/replay.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "cli/print/structured.h"
#include "cli/print/text.h"
#include "cli/show/explain.h"

namespace evenkeel::cli {
namespace {

std::string Lower(const std::string& enumerator, absl::string_view prefix) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(absl::StripPrefix(enumerator, prefix)), {{"_", " "}});
}

// "failover of node node-3 in cluster local", "scale of shop/web in cluster local".
std::string Title(const v1::Decision& decision) {
  const std::string kind = Lower(v1::Decision::Kind_Name(decision.kind()), "KIND_");
  if (!decision.workload().empty()) {
    return absl::StrCat(kind, " of ", TargetText(decision.workload()), " in cluster ", decision.cluster());
  }
  return decision.node().empty()
             ? absl::StrCat(kind, " of cluster ", decision.cluster())
             : absl::StrCat(kind, " of node ", decision.node(), " in cluster ", decision.cluster());
}

std::string State(const v1::Decision& decision) {
  return Lower(v1::Decision::State_Name(decision.state()), "STATE_");
}

// When it was written down, or what else is known first.
std::string When(const v1::Decision& decision) {
  const v1::Timings& timings = decision.timings();
  if (timings.has_intend_time()) return Instant(ToTime(timings.intend_time()));
  return timings.has_detect_time() ? Instant(ToTime(timings.detect_time())) : "";
}

void AppendDecision(const v1::DecisionComparison& comparison, bool wide, std::string& text) {
  const bool added = comparison.result() == v1::DecisionComparison::RESULT_ADDED;
  const v1::Decision& decision = added ? comparison.replayed() : comparison.recorded();
  absl::StrAppend(&text, "\n", added ? "new" : LastSegment(decision.name()), "  ", Printable(Title(decision)),
                  ", ", When(decision), added ? "" : ", ", added ? "" : State(decision), "\n");
  const auto line = [&text](absl::string_view what) {
    absl::StrAppend(&text, "  - ", Printable(what), "\n");
  };
  switch (comparison.result()) {
    case v1::DecisionComparison::RESULT_SAME:
      return line("the same");
    case v1::DecisionComparison::RESULT_MISSING:
      return line("it would not have been taken");
    case v1::DecisionComparison::RESULT_ADDED:
      line(absl::StrCat("it would have been taken (", State(decision), "): ", decision.summary()));
      for (const v1::GuardAnswer& guard : decision.guards()) {
        if (!guard.allowed())
          line(absl::StrCat("the guard ", guard.guard(), " would have said no (", guard.reason(), ")"));
      }
      return;
    case v1::DecisionComparison::RESULT_UNFAITHFUL:
      return line("the replay did not come to what was recorded");
    default:
      break;
  }
  bool told = false;
  for (const v1::FieldDifference& difference : comparison.differences()) {
    if (difference.sentence().empty()) continue;
    line(difference.sentence());
    told = true;
  }
  for (const v1::FieldDifference& difference : comparison.differences()) {
    if (!wide && (told || !difference.sentence().empty())) continue;
    if (difference.recorded().empty() && difference.replayed().empty()) continue;
    line(absl::StrCat(difference.field(), " was: ", OrNone(difference.recorded())));
    line(absl::StrCat(difference.field(), " would have been: ", OrNone(difference.replayed())));
  }
}

// How it came out, in one or two sentences.
std::string Verdict(const v1::ReplaySummary& summary, const std::string& policy) {
  if (policy.empty()) {
    if (!summary.faithful()) return "The recorded decisions did NOT replay to themselves.\n";
    if (summary.decisions() == 0) {
      return "Nothing was decided in that time, and nothing is in the replay.\n";
    }
    return absl::StrCat(
        "Every recorded decision replayed to itself, bit for bit: ", Count(summary.decisions(), "decision"),
        ", made or changed ", Count(summary.changes_verified(), "time"),
        summary.checkpoints_verified() == 0 ? ""
                                            : absl::StrCat("; so did the core's whole state, ",
                                                           Count(summary.checkpoints_verified(), "time")),
        ".\n");
  }
  const std::string under = absl::StrCat(" under policy ", policy);
  const std::string unsure =
      summary.faithful()
          ? ""
          : "The recorded decisions did NOT replay to themselves: do not trust what follows.\n";
  if (summary.decisions() == 0)
    return absl::StrCat(unsure, "Nothing would have been decided", under, " either.\n");
  if (summary.differing() == 0) {
    return absl::StrCat(unsure, "Nothing would have differed", under, ": ",
                        Count(summary.decisions(), "decision"), " the same.\n");
  }
  return absl::StrCat(unsure, summary.differing(), " of ", Count(summary.decisions(), "decision"),
                      " would have differed", under, ":\n");
}

}  // namespace

std::string ReplayText(const ReplayAnswer& answer, const ReplayTextOptions& options) {
  const v1::ReplaySummary& summary = answer.summary;
  std::string text =
      absl::StrCat("Replayed ", Span(ToTime(summary.end_time()) - ToTime(summary.start_time())), ", from ",
                   Instant(ToTime(summary.start_time())), " to ", Instant(ToTime(summary.end_time())), ": ",
                   Count(summary.steps(), "step"), ".\n", Verdict(summary, options.policy));
  bool estimates = false;
  for (const v1::DecisionComparison& comparison : answer.comparisons) {
    if (comparison.result() == v1::DecisionComparison::RESULT_SAME && !options.wide) continue;
    if (comparison.estimate() != estimates) {
      estimates = comparison.estimate();
      absl::StrAppend(&text, estimates ? "\nAfter the two worlds had parted; estimates:\n"
                                       : "\nAfter they had become one again:\n");
    }
    AppendDecision(comparison, options.wide, text);
  }
  if (summary.truncated()) {
    absl::StrAppend(&text, "\nIt ended there: one replay tells no more decisions. Go on with --since.\n");
  }
  if (!summary.notes().empty()) {
    absl::StrAppend(&text, "\nWhat to know:\n");
    for (const std::string& note : summary.notes()) absl::StrAppend(&text, "  - ", Printable(note), "\n");
  }
  return text;
}

nlohmann::ordered_json ToObject(const ReplayAnswer& answer) {
  nlohmann::ordered_json comparisons = nlohmann::ordered_json::array();
  for (const v1::DecisionComparison& comparison : answer.comparisons) {
    comparisons.push_back(ToObject(comparison));
  }
  return {{"apiVersion", "evenkeel.dev/v1"},
          {"kind", "Replay"},
          {"summary", ToObject(answer.summary)},
          {"comparisons", comparisons}};
}

}  // namespace evenkeel::cli
