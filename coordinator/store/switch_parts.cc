#include "coordinator/store/switch_parts.h"

#include "common/base/status.h"
#include "coordinator/store/enum_pairs.h"
#include "coordinator/store/stored_time.h"

namespace evenkeel::coordinator {
namespace {

namespace stored = ::evenkeel::storage::v1;

constexpr EnumPair<GateVerdict, stored::GateVerdict> kGateVerdicts[] = {
    {GateVerdict::kInconclusive, stored::GATE_VERDICT_UNSPECIFIED},
    {GateVerdict::kPass, stored::GATE_VERDICT_PASS},
    {GateVerdict::kFail, stored::GATE_VERDICT_FAIL},
};
constexpr EnumPair<ProbeKind, stored::ProbeKind> kProbeKinds[] = {
    {ProbeKind::kFresh, stored::PROBE_KIND_UNSPECIFIED},
    {ProbeKind::kKeepAlive, stored::PROBE_KIND_KEEP_ALIVE},
    {ProbeKind::kSlow, stored::PROBE_KIND_SLOW},
    {ProbeKind::kStream, stored::PROBE_KIND_STREAM},
};
constexpr EnumPair<Side, stored::SwitchSide> kStoredSides[] = {
    {Side::kBlue, stored::SWITCH_SIDE_BLUE},
    {Side::kGreen, stored::SWITCH_SIDE_GREEN},
};

}  // namespace

stored::SwitchedApplication ToRecord(const Application& application) {
  stored::SwitchedApplication record;
  record.set_namespace_(application.name_space);
  record.set_service(application.service);
  record.set_selector(application.selector);
  return record;
}

Application FromRecord(const stored::SwitchedApplication& record) {
  return {.name_space = record.namespace_(), .service = record.service(), .selector = record.selector()};
}

stored::ProbeFailure ToRecord(const ProbeFailure& failure) {
  stored::ProbeFailure record;
  record.set_time_ns(ToStored(failure.time));
  record.set_kind(ToStored(kProbeKinds, failure.kind));
  if (failure.side) record.set_side(ToStored(kStoredSides, *failure.side));
  record.set_detail(failure.detail);
  return record;
}

absl::StatusOr<ProbeFailure> FromRecord(const stored::ProbeFailure& record) {
  ProbeFailure failure;
  failure.time = TimeFrom(record.time_ns());
  EVENKEEL_RETURN_IF_ERROR(FromStored(kProbeKinds, record.kind(), "ProbeFailure.kind", failure.kind));
  if (record.side() != stored::SWITCH_SIDE_UNSPECIFIED) {
    Side& side = failure.side.emplace();
    EVENKEEL_RETURN_IF_ERROR(FromStored(kStoredSides, record.side(), "ProbeFailure.side", side));
  }
  failure.detail = record.detail();
  return failure;
}

void PutProbes(const ProbeCounts& counts, ProbeCountRecords& records) {
  for (const auto& [kind, count] : counts) {
    stored::ProbeCount& record = *records.Add();
    record.set_kind(ToStored(kProbeKinds, kind));
    record.set_requests(count.requests);
    record.set_failed(count.failed);
    record.set_failed_on_blue(count.failed_on_blue);
    record.set_failed_on_green(count.failed_on_green);
  }
}

absl::Status GetProbes(const ProbeCountRecords& records, ProbeCounts& counts) {
  for (const stored::ProbeCount& record : records) {
    ProbeKind kind = ProbeKind::kFresh;
    EVENKEEL_RETURN_IF_ERROR(FromStored(kProbeKinds, record.kind(), "ProbeCount.kind", kind));
    counts[kind] = {.requests = record.requests(),
                    .failed = record.failed(),
                    .failed_on_blue = record.failed_on_blue(),
                    .failed_on_green = record.failed_on_green()};
  }
  return absl::OkStatus();
}

stored::GateVerdict ToStored(GateVerdict verdict) {
  return ToStored(kGateVerdicts, verdict);
}

absl::Status FromStored(stored::GateVerdict record, const char* field, GateVerdict& out) {
  return FromStored(kGateVerdicts, record, field, out);
}

}  // namespace evenkeel::coordinator
