// A replay in a process of its own: a broken invariant of the core under a policy that nobody has tried, the
// memory of a second fleet, or the CPU that it takes must not touch the coordinator that keeps the first one
// up. So it runs at the lowest priority, takes no more memory than there is to spare (replay_memory.h) and is
// the first to go when it is short, ends when its reader is gone, and its end, however it comes, is an error
// of one call and nothing else.
//
// The process is the coordinator's own program, `evenkeel-coordinator replay FOLDER`: the very core that
// decided. It reads a v1.ReplayRequest from its standard input to the end, and writes to its standard output
// frames: a byte, 'R' for a v1.ReplayResponse or 'E' for an error, four bytes of length (little-endian), and
// so many bytes; of an error: a byte with its code, its reason (may be empty; else it follows from the code),
// a zero byte, then its message.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coordinator/serve/watch_source.h"
#include "evenkeel/v1/replay.pb.h"

namespace evenkeel::coordinator {

// ---- in the coordinator ----

class ReplayProcess final : public WatchSource<v1::ReplayResponse> {
 public:
  // Answers that wait for the reader; then the process has to wait.
  static constexpr size_t kMostWaiting = 64;

  // Starts `command` (program and arguments) with the request. `wake`: see WatchSource.
  static absl::StatusOr<std::unique_ptr<ReplayProcess>> Start(const std::vector<std::string>& command,
                                                              const v1::ReplayRequest& request,
                                                              std::function<void()> wake);
  // Kills it if it still runs.
  ~ReplayProcess() override;

  absl::StatusOr<bool> Next(v1::ReplayResponse& out) override;
  bool Ended() override;

 private:
  struct Impl;
  explicit ReplayProcess(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

  std::shared_ptr<Impl> impl_;
};

// ---- in the process ----

// `evenkeel-coordinator replay FOLDER`; the exit code.
int RunReplayProcess(const std::string& folder);

}  // namespace evenkeel::coordinator
