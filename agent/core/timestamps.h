#pragma once

#include <google/protobuf/timestamp.pb.h>

#include "absl/time/time.h"

namespace evenkeel::agent {

// A time as the API writes it; nanoseconds are cut off below, as protobuf wants them in [0, 1e9).
inline google::protobuf::Timestamp AsTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

}  // namespace evenkeel::agent
