// What an agent may say: bounds on every field, so that nothing it sends can fill the memory, the log or the
// screen of another.
//
// Errors: INVALID_ARGUMENT that names the field (base::InvalidField), as "report.pods.name: is 300 bytes
// long, the limit is 253".
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "evenkeel/v1/agent_session.pb.h"
#include "evenkeel/v1/report.pb.h"

namespace evenkeel::coordinator {

inline constexpr size_t kMaxClusterBytes = 63;
inline constexpr size_t kMaxNodeBytes = 253;
inline constexpr size_t kMaxShortTextBytes = 64;  // versions, boot ids, roles
inline constexpr size_t kMaxRequestIdBytes = 128;
inline constexpr size_t kMaxNameBytes = 253;       // namespaces, pods, containers, uids, reasons
inline constexpr size_t kMaxLongTextBytes = 1024;  // images, container ids, details
inline constexpr int kMaxPods = 1024;              // in one report
inline constexpr int kMaxContainers = 256;         // of one pod
inline constexpr int kMaxOccurrences = 1024;       // in one report
inline constexpr int kMaxFilesystems = 16;

absl::Status ValidateHello(const evenkeel::v1::Hello& hello);
absl::Status ValidateReport(const evenkeel::v1::Report& report);
absl::Status ValidateProbeAnswer(const evenkeel::v1::ProbeAnswer& answer);
absl::Status ValidateRestartAnswer(const evenkeel::v1::RestartAnswer& answer);
absl::Status ValidateFencingStatus(const evenkeel::v1::FencingStatus& status);
absl::Status ValidateGoodbye(const evenkeel::v1::Goodbye& goodbye);

}  // namespace evenkeel::coordinator
