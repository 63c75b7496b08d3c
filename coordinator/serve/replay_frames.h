// What a replay's process and the coordinator say to each other: see replay_process.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace evenkeel::coordinator {

struct ReplayFrame {
  static constexpr char kResponse = 'R';
  static constexpr char kError = 'E';
  char type = kResponse;
  std::string bytes;
};

// The next frame of the file; none at its end. INTERNAL: what came is no frame.
absl::StatusOr<std::optional<ReplayFrame>> ReadReplayFrame(int file);
absl::Status WriteReplayFrame(int file, char type, std::string_view bytes);

std::string FrameOfError(const absl::Status& status);
absl::Status ErrorFromFrame(std::string_view bytes);

}  // namespace evenkeel::coordinator
