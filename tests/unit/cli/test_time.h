#pragma once

#include <cstdint>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace evenkeel::cli {

// The instant at which all stories of these tests begin: 2026-03-01 03:00:00 UTC.
inline absl::Time Start() {
  return absl::FromUnixSeconds(1772334000);
}

// So many milliseconds later, as the API has it.
inline google::protobuf::Timestamp At(std::int64_t milliseconds) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(absl::ToUnixSeconds(Start()) + milliseconds / 1000);
  timestamp.set_nanos(static_cast<std::int32_t>(milliseconds % 1000 * 1'000'000));
  return timestamp;
}

}  // namespace evenkeel::cli
