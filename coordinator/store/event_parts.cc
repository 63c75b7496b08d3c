#include "coordinator/store/event_parts.h"

#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::coordinator::event_codec {

namespace stored = ::evenkeel::storage::v1;

absl::Status NotKnown(const char* field, int64_t value) {
  return absl::DataLossError(absl::StrCat("stored field ", field, " has the value ", value,
                                          ", which this version does not know: it was written by a newer "
                                          "coordinator, or damaged"));
}

// ---- enums: a switch, so that the compiler tells of one that is added ----

stored::ProbeOutcome ToStored(ProbeOutcome outcome) {
  switch (outcome) {
    case ProbeOutcome::kNotTried:
      return stored::PROBE_OUTCOME_UNSPECIFIED;
    case ProbeOutcome::kReached:
      return stored::PROBE_OUTCOME_REACHED;
    case ProbeOutcome::kRefused:
      return stored::PROBE_OUTCOME_REFUSED;
    case ProbeOutcome::kTimedOut:
      return stored::PROBE_OUTCOME_TIMED_OUT;
    case ProbeOutcome::kUnreachable:
      return stored::PROBE_OUTCOME_UNREACHABLE;
    case ProbeOutcome::kProtocolError:
      return stored::PROBE_OUTCOME_PROTOCOL_ERROR;
    case ProbeOutcome::kProberFailed:
      return stored::PROBE_OUTCOME_PROBER_FAILED;
  }
  EVENKEEL_CHECK(false) << "no stored form of probe outcome " << static_cast<int>(outcome);
  return stored::PROBE_OUTCOME_UNSPECIFIED;
}

stored::ActionOutcome ToStored(ActionOutcome outcome) {
  switch (outcome) {
    case ActionOutcome::kDone:
      return stored::ACTION_OUTCOME_DONE;
    case ActionOutcome::kAlreadyDone:
      return stored::ACTION_OUTCOME_ALREADY_DONE;
    case ActionOutcome::kNotMine:
      return stored::ACTION_OUTCOME_NOT_MINE;
    case ActionOutcome::kBlocked:
      return stored::ACTION_OUTCOME_BLOCKED;
    case ActionOutcome::kNotKnownThere:
      return stored::ACTION_OUTCOME_NOT_KNOWN_THERE;
    case ActionOutcome::kRefused:
      return stored::ACTION_OUTCOME_REFUSED;
    case ActionOutcome::kUnreachable:
      return stored::ACTION_OUTCOME_UNREACHABLE;
    case ActionOutcome::kWithdrawn:
      return stored::ACTION_OUTCOME_WITHDRAWN;
  }
  EVENKEEL_CHECK(false) << "no stored form of action outcome " << static_cast<int>(outcome);
  return stored::ACTION_OUTCOME_UNSPECIFIED;
}

stored::KubeletWay ToStored(KubeletWay way) {
  switch (way) {
    case KubeletWay::kNotTried:
      return stored::KUBELET_WAY_UNSPECIFIED;
    case KubeletWay::kNoAnswer:
      return stored::KUBELET_WAY_NO_ANSWER;
    case KubeletWay::kAnswered:
      return stored::KUBELET_WAY_ANSWERED;
  }
  EVENKEEL_CHECK(false) << "no stored form of kubelet way " << static_cast<int>(way);
  return stored::KUBELET_WAY_UNSPECIFIED;
}

stored::DelaySource ToStored(DelaySource source) {
  switch (source) {
    case DelaySource::kLoop:
      return stored::DELAY_SOURCE_LOOP;
    case DelaySource::kSessions:
      return stored::DELAY_SOURCE_SESSIONS;
    case DelaySource::kStore:
      return stored::DELAY_SOURCE_STORE;
    case DelaySource::kWatch:
      return stored::DELAY_SOURCE_WATCH;
  }
  EVENKEEL_CHECK(false) << "no stored form of delay source " << static_cast<int>(source);
  return stored::DELAY_SOURCE_UNSPECIFIED;
}

stored::SymptomKind ToStored(SymptomKind kind) {
  switch (kind) {
    case SymptomKind::kKubelet:
      return stored::SYMPTOM_KIND_KUBELET;
    case SymptomKind::kRuntime:
      return stored::SYMPTOM_KIND_RUNTIME;
    case SymptomKind::kPleg:
      return stored::SYMPTOM_KIND_PLEG;
    case SymptomKind::kReadOnlyDisk:
      return stored::SYMPTOM_KIND_READ_ONLY_DISK;
    case SymptomKind::kHungDisk:
      return stored::SYMPTOM_KIND_HUNG_DISK;
    case SymptomKind::kIoErrors:
      return stored::SYMPTOM_KIND_IO_ERRORS;
    case SymptomKind::kHungTask:
      return stored::SYMPTOM_KIND_HUNG_TASK;
    case SymptomKind::kMemoryStall:
      return stored::SYMPTOM_KIND_MEMORY_STALL;
    case SymptomKind::kOomKills:
      return stored::SYMPTOM_KIND_OOM_KILLS;
  }
  EVENKEEL_CHECK(false) << "no stored form of symptom kind " << static_cast<int>(kind);
  return stored::SYMPTOM_KIND_UNSPECIFIED;
}

absl::Status PortFrom(uint32_t stored_port, const char* field, uint16_t& port) {
  if (stored_port > std::numeric_limits<uint16_t>::max()) return NotKnown(field, stored_port);
  port = static_cast<uint16_t>(stored_port);
  return absl::OkStatus();
}

void Put(const NodeKey& key, stored::NodeKey& record) {
  record.set_cluster(key.cluster);
  record.set_node(key.node);
}

NodeKey Key(const stored::NodeKey& record) {
  return {.cluster = record.cluster(), .node = record.node()};
}

void Put(const PodKey& key, stored::PodKey& record) {
  record.set_cluster(key.cluster);
  record.set_namespace_(key.name_space);
  record.set_name(key.name);
}

PodKey Key(const stored::PodKey& record) {
  return {.cluster = record.cluster(), .name_space = record.namespace_(), .name = record.name()};
}

void Put(const Resources& resources, stored::Resources& record) {
  record.set_cpu_millicores(resources.cpu_millicores);
  record.set_memory_bytes(resources.memory_bytes);
  record.set_pods(resources.pods);
}

Resources Amount(const stored::Resources& record) {
  return {.cpu_millicores = record.cpu_millicores(),
          .memory_bytes = record.memory_bytes(),
          .pods = record.pods()};
}

}  // namespace evenkeel::coordinator::event_codec
