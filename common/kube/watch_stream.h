#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::kube {

// Cuts a watch's bytes into events: one JSON object a line. One thread only.
class WatchStream {
 public:
  WatchStream(std::size_t max_event_bytes, std::function<void(WatchEvent)> on_event);

  // OK as long as the watch may go on. Otherwise why it may not: OUT_OF_RANGE and others as the server's
  // ERROR event says, RESOURCE_EXHAUSTED for an event over the limit, INTERNAL for what is no event. Nothing
  // is to be fed after that.
  absl::Status Feed(absl::string_view bytes);

 private:
  absl::Status TakeLine(absl::string_view line);

  const std::size_t max_event_bytes_;
  const std::function<void(WatchEvent)> on_event_;
  bool opened_ = false;
  std::string partial_;  // the beginning of a line whose end has not come yet
};

}  // namespace evenkeel::kube
