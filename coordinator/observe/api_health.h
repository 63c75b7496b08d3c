// Whether what is known of a cluster can be trusted: every list complete, every watch connected and fresh,
// and the API server answering. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "common/kube/list_watch.h"

namespace evenkeel::coordinator {

class ApiHealth {
 public:
  enum Kind : size_t { kNodes, kPods, kClaims, kKinds };

  void OnComplete(Kind kind) { watches_[kind].complete = true; }
  void OnState(Kind kind, kube::ListWatchState state, const absl::Status& why);
  // The API server was asked something small; a watch that is silent may be quiet or dead, this tells which.
  void OnPulse(const absl::Status& status) { pulse_ = status; }

  // What is wrong, in words; empty when all is well.
  std::string Problem() const;

 private:
  struct Watch {
    bool complete = false;
    kube::ListWatchState state = kube::ListWatchState::kDisconnected;
    absl::Status why = absl::UnavailableError("not connected yet");
  };

  std::array<Watch, kKinds> watches_;
  absl::Status pulse_;
};

}  // namespace evenkeel::coordinator
