// Single fields of policies, checked and read. `field` is the whole path, as "policy.failover.witnesses";
// errors are INVALID_ARGUMENT with that name and the field's range.
#pragma once

#include <google/protobuf/duration.pb.h>

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "coordinator/core/policy_mode.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::coordinator {

// `least` to `most`, to the microsecond.
absl::StatusOr<absl::Duration> Within(absl::string_view field, const google::protobuf::Duration& message,
                                      absl::Duration least, absl::Duration most);

// Not said: observe.
absl::StatusOr<PolicyMode> ModeFrom(absl::string_view field, v1::PolicyMode mode);
v1::PolicyMode ModeOf(bool enforced);

// A mode as a switch: true is enforce.
absl::StatusOr<bool> RungFrom(absl::string_view field, v1::PolicyMode mode);

// One that the coordinator has; see PolicyFromMessage.
absl::Status CheckCluster(absl::string_view field, const std::string& cluster,
                          const std::map<std::string, uint32_t>& clusters);

// 0 to 100.
absl::Status ReadPercent(absl::string_view field, uint32_t given, uint32_t& percent);

// `least` to `most`; where `is_set` is false, `floor` stays as it is.
absl::Status ReadFloor(absl::string_view field, bool is_set, uint32_t value, uint32_t least, uint32_t most,
                       uint32_t& floor);

}  // namespace evenkeel::coordinator
