#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace evenkeel::rpc {

// The domain of our ErrorInfo.
inline constexpr char kErrorDomain[] = "evenkeel.dev";

// What a gRPC client gets: the code, the message, and the status's details (common/base/status.h) as one
// google.rpc.ErrorInfo within google.rpc.Status (AIP-193): `reason` (the code's name where there is none),
// the domain above, and the other details as metadata, such as the refused field's name. Long texts are cut:
// HTTP/2 headers carry them.
grpc::Status ToGrpc(const absl::Status& status);

// The way back, in our own clients. An ErrorInfo of another domain is ignored.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace evenkeel::rpc
