#include "coordinator/observe/api_health.h"

#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

constexpr const char* kNames[ApiHealth::kKinds] = {"nodes", "pods", "claims"};

}  // namespace

void ApiHealth::OnState(Kind kind, kube::ListWatchState state, const absl::Status& why) {
  watches_[kind].state = state;
  watches_[kind].why = why;
}

std::string ApiHealth::Problem() const {
  if (!pulse_.ok()) return absl::StrCat("the API server does not answer: ", pulse_.ToString());
  for (size_t kind = 0; kind < kKinds; ++kind) {
    const Watch& watch = watches_[kind];
    if (watch.state != kube::ListWatchState::kConnected) {
      return absl::StrCat(
          watch.state == kube::ListWatchState::kStale ? "the watch of " : "not connected to the watch of ",
          kNames[kind], watch.state == kube::ListWatchState::kStale ? " is stale: " : ": ",
          watch.why.ToString());
    }
    if (!watch.complete) return absl::StrCat("the list of ", kNames[kind], " is not complete yet");
  }
  return "";
}

}  // namespace evenkeel::coordinator
