#include "coordinator/serve/switch_catalog.h"

#include <initializer_list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status.h"
#include "coordinator/serve/fleet_listing.h"
#include "coordinator/serve/names.h"
#include "coordinator/serve/page_token.h"
#include "coordinator/serve/switch_message.h"

namespace evenkeel::coordinator {
namespace {

DecisionFilter OnlySwitches() {
  return {.cluster = {}, .node = {}, .workload = {}, .kinds = {DecisionKind::kSwitch}};
}

// One that is known by its decision: of the store's NOT_FOUND, which speaks of decisions, the switch's.
absl::Status OfSwitch(const absl::Status& status, const DecisionId& decision) {
  return absl::IsNotFound(status) ? NotFound(SwitchResource(decision.ToString())) : status;
}

absl::Time BeginOf(const Decision& decision, const SwitchRecord& record) {
  return decision.timings.intended.value_or(record.phase_since);
}

v1::Switch Recorded(const Decision& decision, const SwitchRecord& record) {
  return ToMessage(decision.id, record, BeginOf(decision, record), decision.timings.closed);
}

}  // namespace

absl::StatusOr<DecisionId> SwitchCatalog::Resolve(const std::string& id) const {
  if (const SwitchFeed::Shown status = feed_.FindNamed(id)) return status->decision;
  if (const auto decision = DecisionId::Parse(id); decision.ok()) {
    if (const absl::Status known = store_.GetSwitch(*decision).status(); !known.ok()) {
      return OfSwitch(known, *decision);
    }
    return *decision;
  }
  std::optional<DecisionId> from;
  for (size_t seen = 0; seen < kNamesLookedBack;) {
    EVENKEEL_ASSIGN_OR_RETURN(const DecisionPage page,
                              store_.ListDecisions(OnlySwitches(), from, kNamesLookedBack - seen));
    for (const Decision& decision : page.decisions) {
      const absl::StatusOr<SwitchRecord> record = store_.GetSwitch(decision.id);
      if (record.ok() && record->spec.name == id) return decision.id;
    }
    if (!page.next) break;
    seen += page.decisions.size();
    from = page.next;
  }
  return NotFound(SwitchResource(id));
}

absl::StatusOr<v1::Switch> SwitchCatalog::Show(const Decision& decision) const {
  const SwitchFeed::Shown status = feed_.Find(decision.id);
  if (status != nullptr && decision.state == DecisionState::kOpen) {
    return ToMessage(*status, BeginOf(decision, status->record), std::nullopt);
  }
  const absl::StatusOr<SwitchRecord> record = store_.GetSwitch(decision.id);
  if (!record.ok()) return OfSwitch(record.status(), decision.id);
  return Recorded(decision, *record);
}

absl::StatusOr<v1::Switch> SwitchCatalog::Show(const DecisionId& decision) const {
  const absl::StatusOr<Decision> found = store_.GetDecision(decision);
  if (!found.ok()) return OfSwitch(found.status(), decision);
  return Show(*found);
}

absl::StatusOr<v1::Switch> SwitchCatalog::ShowRecorded(const DecisionId& decision) const {
  const absl::StatusOr<Decision> found = store_.GetDecision(decision);
  if (!found.ok()) return OfSwitch(found.status(), decision);
  const absl::StatusOr<SwitchRecord> record = store_.GetSwitch(decision);
  if (!record.ok()) return OfSwitch(record.status(), decision);
  const SwitchFeed::Shown status = feed_.Find(decision);
  if (status == nullptr || found->state != DecisionState::kOpen) return Recorded(*found, *record);
  SwitchStatus shown = *status;
  shown.record = *record;
  return ToMessage(shown, BeginOf(*found, *record), std::nullopt);
}

absl::Status SwitchCatalog::ListOpen(const DecisionId* from, size_t page_size,
                                     v1::ListSwitchesResponse& response, std::string& next) const {
  size_t added = 0;
  for (const SwitchFeed::Shown& status : feed_.NewestFirst()) {
    if (from != nullptr && status->decision > *from) continue;
    if (added++ == page_size) {
      next = status->decision.ToString();
      break;
    }
    absl::StatusOr<v1::Switch> shown = Show(status->decision);
    if (absl::IsNotFound(shown.status())) continue;
    if (!shown.ok()) return shown.status();
    *response.add_switches() = *std::move(shown);
  }
  return absl::OkStatus();
}

absl::Status SwitchCatalog::List(const v1::ListSwitchesRequest& request,
                                 v1::ListSwitchesResponse& response) const {
  EVENKEEL_ASSIGN_OR_RETURN(const size_t page_size, PageSize(request.page_size()));
  const std::initializer_list<absl::string_view> asked = {"ListSwitches",
                                                          request.open_only() ? "open" : "all"};
  EVENKEEL_ASSIGN_OR_RETURN(const std::string resume, ReadPageToken(asked, request.page_token()));
  std::optional<DecisionId> from;
  if (!resume.empty()) {
    EVENKEEL_ASSIGN_OR_RETURN(from, DecisionId::Parse(resume));
  }
  std::string next;
  if (request.open_only()) {
    EVENKEEL_RETURN_IF_ERROR(ListOpen(from ? &*from : nullptr, page_size, response, next));
  } else {
    EVENKEEL_ASSIGN_OR_RETURN(const DecisionPage page, store_.ListDecisions(OnlySwitches(), from, page_size));
    for (const Decision& decision : page.decisions) {
      absl::StatusOr<v1::Switch> shown = Show(decision);
      if (absl::IsNotFound(shown.status())) continue;  // it was under way when its record was lost
      if (!shown.ok()) return shown.status();
      *response.add_switches() = *std::move(shown);
    }
    if (page.next) next = page.next->ToString();
  }
  for (v1::Switch& one : *response.mutable_switches()) Shorten(one);
  if (!next.empty()) response.set_next_page_token(MakePageToken(asked, next));
  return absl::OkStatus();
}

}  // namespace evenkeel::coordinator
