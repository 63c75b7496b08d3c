// A call to an API server that is waited for, within a gateway's call.
#pragma once

#include <poll.h>

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/gateway/call.h"

namespace evenkeel::coordinator {

// `start` begins the call, with the deadline and the `done` that it is given, and returns the API's handle on
// it. CANCELLED and DEADLINE_EXCEEDED as the call: then it may or may not be carried out yet. Not from the
// API's thread.
template <typename T, typename Start>
absl::StatusOr<T> WaitFor(const Call& call, absl::string_view doing, Start start) {
  if (absl::Status status = call.GoOn(doing); !status.ok()) return status;
  struct Ending {
    Interrupt finished;  // its descriptor can be polled
    absl::StatusOr<T> result = absl::UnknownError("not yet");
  };
  const auto ending = std::make_shared<Ending>();
  const kube::Call started = start(call.left(), kube::Done<T>([ending](absl::StatusOr<T> result) {
                                     ending->result = std::move(result);
                                     ending->finished.End();
                                   }));
  if (absl::Status status = call.Poll(ending->finished.descriptor(), POLLIN, doing); !status.ok()) {
    started.Cancel();
    return status;
  }
  return std::move(ending->result);
}

}  // namespace evenkeel::coordinator
