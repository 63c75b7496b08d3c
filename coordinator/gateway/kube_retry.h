// Tries of a write to a Kubernetes object that others write, too.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "coordinator/gateway/call.h"
#include "coordinator/gateway/gateway.h"

namespace evenkeel::coordinator {

// One wish on its way. `sent` from the first write on that was handed to the API server.
struct KubeAttempt {
  bool sent = false;
  ShapeAnswer answer;
};

// `work` until it ends otherwise than by a conflict (ABORTED), UNAVAILABLE or INTERNAL, in jittered pauses,
// for as long as the call lasts. OK: the answer is the work's own; else it is made of the last failure:
// withdrawn, refused, or in doubt.
ShapeAnswer ShapePatiently(const Call& call, KubeAttempt& attempt, const std::function<absl::Status()>& work);

}  // namespace evenkeel::coordinator
