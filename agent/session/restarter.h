#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "evenkeel/v1/agent_session.pb.h"

namespace evenkeel::agent {

// Asks the host to restart the kubelet or the container runtime, where the host permits that.
//
// The agent has no right to restart anything, and wants none: it puts a file named after the part ("kubelet",
// "runtime") into a folder, and whoever on the host has set that folder up (a systemd path unit) takes the
// file away and restarts the part. All that the agent can do with it is to ask for these two restarts. Where
// there is no such folder every request is refused by name.
class Restarter {
 public:
  using Done = std::function<void(v1::RestartAnswer)>;

  // How long the host has to take a request. One that it does not take is withdrawn.
  static constexpr absl::Duration kTakenWithin = absl::Seconds(10);
  static constexpr size_t kMostRemembered = 16;  // requests whose answers are known

  // `folder` as the agent sees it; empty: not permitted. A request that an agent before this one has left
  // there is withdrawn: it died, and nobody asks for it any more. `clock` outlives the restarter.
  Restarter(std::string folder, const time::Clock& clock);
  // Waits for the request under way to be withdrawn; that takes no longer than a look at the folder.
  ~Restarter();

  Restarter(const Restarter&) = delete;
  Restarter& operator=(const Restarter&) = delete;

  // A coordinator of this epoch has welcomed us: those with a lower one are of the past (L7).
  void NoteEpoch(uint64_t epoch);

  // Any thread; `done` is called exactly once, from within this call or from a thread of the restarter's own,
  // and must not block. One request at a time: others are refused meanwhile. A request that was answered
  // before is answered again and not carried out a second time (L4).
  void Restart(const v1::RestartRequest& request, Done done);

 private:
  // The answer, when it needs nothing of the host; else the name of the file that is to be put.
  std::string FileFor(const v1::RestartRequest& request, v1::RestartAnswer& answer)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  v1::RestartAnswer Ask(const std::string& file);

  const std::string folder_;
  const time::Clock& clock_;

  absl::Mutex mutex_;
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<v1::RestartAnswer> answered_ ABSL_GUARDED_BY(mutex_);
  std::thread asking_ ABSL_GUARDED_BY(mutex_);  // there only while a request is under way, or has just been
};

}  // namespace evenkeel::agent
