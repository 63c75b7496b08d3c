#include "coordinator/gateway/kube_retry.h"

#include <string>
#include <utility>

#include "common/base/random.h"
#include "common/time/backoff.h"

namespace evenkeel::coordinator {
namespace {

constexpr time::BackoffPolicy kPauses = {.initial = absl::Milliseconds(10),
                                         .maximum = absl::Milliseconds(200)};

bool MayPass(const absl::Status& status) {
  return absl::IsAborted(status) || absl::IsUnavailable(status) || absl::IsInternal(status);
}

}  // namespace

ShapeAnswer ShapePatiently(const Call& call, KubeAttempt& attempt,
                           const std::function<absl::Status()>& work) {
  absl::Status status;
  for (int failures = 1;; ++failures) {
    status = work();
    if (!MayPass(status)) break;
    if (!call.Pause(time::Backoff(kPauses, failures, base::RandomUnit()))) break;
  }
  if (status.ok()) return std::move(attempt.answer);
  // What the server has said no to was not written.
  const bool in_doubt = MayPass(status) || absl::IsDeadlineExceeded(status) ||
                        absl::IsResourceExhausted(status) || (absl::IsCancelled(status) && attempt.sent);
  attempt.answer.detail = std::string(status.message());
  attempt.answer.outcome = in_doubt                    ? ActionOutcome::kUnreachable
                           : absl::IsCancelled(status) ? ActionOutcome::kWithdrawn
                                                       : ActionOutcome::kRefused;
  return std::move(attempt.answer);
}

}  // namespace evenkeel::coordinator
