#pragma once

#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::testing {

// Makes a call and waits for its end: Await<Json>([&](auto done) { api.Get(kube::Nodes(), name, deadline,
// done); }).
template <typename T, typename Start>
absl::StatusOr<T> Await(Start start) {
  struct Ending {
    absl::StatusOr<T> result = absl::UnknownError("not yet");
    absl::Notification finished;
  };
  const auto ending = std::make_shared<Ending>();
  start(kube::Done<T>([ending](absl::StatusOr<T> result) {
    ending->result = std::move(result);
    ending->finished.Notify();
  }));
  ending->finished.WaitForNotification();
  return std::move(ending->result);
}

}  // namespace evenkeel::testing
