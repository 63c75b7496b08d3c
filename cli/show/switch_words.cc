#include "cli/show/switch_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "cli/print/text.h"

namespace evenkeel::cli {

std::string EnumPhrase(absl::string_view enumerator, absl::string_view prefix) {
  if (enumerator.size() <= prefix.size()) return "unknown";  // of a newer coordinator
  return absl::StrReplaceAll(absl::AsciiStrToLower(enumerator.substr(prefix.size())), {{"_", " "}});
}

std::string PhaseText(const v1::Switch& one) {
  return one.phase() == v1::Switch::PHASE_ENDED ? EnumPhrase(v1::Switch::End_Name(one.end()), "END_")
                                                : EnumPhrase(v1::Switch::Phase_Name(one.phase()), "PHASE_");
}

std::string StepText(const v1::SwitchStep& step) {
  if (step.percent() == 0) return absl::StrCat(step.canary().header(), ": ", step.canary().value());
  return absl::StrCat(step.percent(), " %");
}

std::string FromToText(const v1::Switch& one) {
  return absl::StrCat(one.spec().from(), " -> ", one.spec().to());
}

std::string NameText(const v1::Switch& one) {
  return one.switch_id().empty() ? LastSegment(one.name()) : one.switch_id();
}

std::string Served::Text(absl::string_view failed_word) const {
  return absl::StrCat(requests, " (", failed, " ", failed_word,
                      cut > 0 ? absl::StrCat(", ", cut, " cut") : "", ")");
}

Served SumOf(const v1::SideCount& side) {
  return {side.requests(), side.server_errors() + side.failed(), side.cut()};
}

Served SumOf(const google::protobuf::RepeatedPtrField<v1::ProbeCount>& probes) {
  Served sum;
  for (const v1::ProbeCount& probe : probes) {
    sum.requests += probe.requests();
    sum.failed += probe.failed();
  }
  return sum;
}

std::string LostText(const v1::LostRequest& lost, const v1::LossLedger& ledger) {
  std::string where;
  const int span = static_cast<int>(lost.span()) - static_cast<int>(ledger.earlier_spans());
  if (span >= 0 && span < ledger.spans_size()) {
    const v1::LedgerSpan& part = ledger.spans(span);
    where = absl::StrCat(", ", EnumPhrase(v1::Switch::Phase_Name(part.phase()), "PHASE_"), " at ",
                         part.percent(), " %");
  }
  return absl::StrCat(Instant(ToTime(lost.time())), "  ",
                      EnumPhrase(v1::ProbeCount::Kind_Name(lost.kind()), "KIND_"), "  ", lost.detail(),
                      lost.side().empty() ? "" : absl::StrCat(" on ", lost.side()), where);
}

}  // namespace evenkeel::cli
