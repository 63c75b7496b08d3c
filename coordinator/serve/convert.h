// The core's structs as messages of the API.
#pragma once

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <optional>

#include "absl/time/time.h"
#include "coordinator/core/decision.h"
#include "coordinator/core/policy.h"
#include "evenkeel/v1/decision.pb.h"
#include "evenkeel/v1/fleet.pb.h"

namespace evenkeel::coordinator {

// Times are cut to microseconds: more is noise in what people read. What is beyond the messages' bounds is the
// nearest that they can say.
google::protobuf::Timestamp ToMessage(absl::Time time);
google::protobuf::Duration ToMessage(absl::Duration duration);

// nullopt for what is not well-formed.
std::optional<absl::Duration> FromMessage(const google::protobuf::Duration& message);

v1::Verdict ToMessage(Verdict verdict);
v1::Confidence ToMessage(Confidence confidence);
v1::Decision ToMessage(const Decision& decision);

// nullopt for KIND_UNSPECIFIED and kinds that a newer API knows and this coordinator does not.
std::optional<DecisionKind> FromMessage(v1::Decision::Kind kind);

}  // namespace evenkeel::coordinator
