#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace evenkeel::kube {

// The status for an answer that is not 2xx. `body` is the server's Status object if it is one; otherwise its
// first characters appear in the message. Kept as details (common/base/status.h): "http_code";
// "kubernetes_reason", the server's own reason ("NotFound", "Conflict", "Expired", ...); "retry_after_ms"
// where it names a time.
absl::Status StatusFromHttp(int code, absl::string_view body, std::optional<absl::Duration> retry_after);

// The same for a Status object met elsewhere, such as a watch's ERROR event.
absl::Status StatusFromObject(int code, absl::string_view reason, absl::string_view message,
                              std::optional<absl::Duration> retry_after);

// The HTTP code of the answer; 0 when there was none.
int HttpCode(const absl::Status& status);

// The server's own reason; empty when the server gave none or was not reached.
std::string KubernetesReason(const absl::Status& status);

// When the server asked to come back; nothing when it did not say.
std::optional<absl::Duration> RetryAfter(const absl::Status& status);

// True when an eviction was refused since a disruption budget does not allow it now.
bool IsDisruptionBudgetRefusal(const absl::Status& status);

}  // namespace evenkeel::kube
