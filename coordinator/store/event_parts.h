// What stored events are made of: enums, keys, amounts. To be used by this room only. See event_records.h.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "coordinator/core/events.h"
#include "evenkeel/storage/v1/events.pb.h"

namespace evenkeel::coordinator::event_codec {

// DATA_LOSS: a newer coordinator wrote the field, or it is damaged.
absl::Status NotKnown(const char* field, int64_t value);

storage::v1::ProbeOutcome ToStored(ProbeOutcome outcome);
storage::v1::ActionOutcome ToStored(ActionOutcome outcome);
storage::v1::KubeletWay ToStored(KubeletWay way);
storage::v1::DelaySource ToStored(DelaySource source);
storage::v1::SymptomKind ToStored(SymptomKind kind);

// The one of a few values whose stored form it is.
template <typename Core, typename Stored>
absl::Status FromStored(Stored value, Core last, const char* field, Core& out) {
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    out = static_cast<Core>(i);
    if (ToStored(out) == value) return absl::OkStatus();
  }
  return NotKnown(field, value);
}

absl::Status PortFrom(uint32_t stored_port, const char* field, uint16_t& port);

void Put(const NodeKey& key, storage::v1::NodeKey& record);
NodeKey Key(const storage::v1::NodeKey& record);
void Put(const PodKey& key, storage::v1::PodKey& record);
PodKey Key(const storage::v1::PodKey& record);
void Put(const Resources& resources, storage::v1::Resources& record);
Resources Amount(const storage::v1::Resources& record);

}  // namespace evenkeel::coordinator::event_codec
