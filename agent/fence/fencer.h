#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "agent/fence/boot_clock.h"
#include "agent/fence/fence_file.h"
#include "agent/fence/fence_state.h"
#include "agent/fence/runtime_fence.h"
#include "agent/fence/vouching.h"
#include "agent/fence/watchdog.h"
#include "agent/session/fence_port.h"
#include "agent/session/probe_try.h"
#include "common/log/limiter.h"

namespace evenkeel::agent {

// Keeps this node's promise to stop its marked pods when it is isolated (L5), on a thread of its own that
// waits for nobody: what it asks of peers it does not wait for, and each call of the runtime is bounded.
//
// The order in each turn is what the promise rests on: first the clock is read and, if it is time, the node
// is fenced; only then is anything else done, and the watchdog is fed last, with the clock that was read
// first.
class Fencer final : public FencePort {
 public:
  struct Options {
    std::string cluster;
    std::string node;
    std::string
        folder;  // what a restart needs to know is kept there; empty: this node only vouches for others
    std::string boot_id;  // of this boot
    std::string runtime_socket;
    std::string watchdog_device;  // empty: none
    absl::Duration watchdog_timeout = absl::Seconds(10);
    absl::Duration turn =
        absl::Milliseconds(100);  // its pause between two turns; a quarter of it while it stops pods
  };

  explicit Fencer(Options options);
  // Ends the thread. The watchdog runs on, and so does what it stopped stay stopped, unless Leave was called.
  ~Fencer() override;

  Fencer(const Fencer&) = delete;
  Fencer& operator=(const Fencer&) = delete;

  // The coordinator knows that this agent stops, and relies on it no more: lets go of the watchdog and ends
  // the thread. Not while fenced. It is done when this returns, unless the thread hangs: then after 3 s at
  // most.
  void Leave();

  // --- FencePort. ---
  absl::Time BootTime() const override { return clock_.Now(); }
  void Heard(absl::Time sent) override;
  void Follow(const v1::FencingSettings& settings, absl::Time hello) override;
  void SessionBegins() override;
  std::optional<v1::FencingStatus> TakeStatus() override;

  // --- For peers and for metrics; any thread. ---
  const Vouching& vouching() const { return vouching_; }
  bool armed() const { return armed_.load(std::memory_order_relaxed); }
  bool fenced() const { return fenced_.load(std::memory_order_relaxed); }

 private:
  void Run();
  void Turn();
  void TakeNews();
  void AskVouchers(absl::Time now, bool wanted);
  void Hold(absl::Time now);
  void Release(absl::Time now);
  void Prepare(absl::Time now);
  bool Keep(absl::Time now);  // false: it could not be, and nothing new may be promised
  void Feed(bool wanted);
  void Tell();

  const Options options_;
  const BootClock clock_;
  const FenceFile file_;
  Vouching vouching_;
  std::atomic<bool> armed_ = false;
  std::atomic<bool> fenced_ = false;

  // From the session's thread, and to it.
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stop_ = false;
  bool leave_ = false;
  std::optional<std::pair<v1::FencingSettings, absl::Time>> settings_;
  absl::Time heard_ = absl::InfinitePast();
  v1::FencingStatus status_;
  bool status_is_news_ = false;

  // The thread's own.
  FenceState state_;
  RuntimeFence runtime_;
  std::unique_ptr<Watchdog> watchdog_;
  bool told_once_ = false;  // settings have come since this process began
  bool held_ = false;       // while fenced: nothing of what is held ran at the last look
  bool released_ = false;   // blockers are to be taken away
  absl::Time release_at_ = absl::InfinitePast();  // not before: the last try left some
  absl::Duration release_pause_;
  bool released_once_ = false;  // they have been, or will be, since this process began or was last fenced
  absl::Time prepared_at_ = absl::InfinitePast();
  absl::Time kept_at_ = absl::InfinitePast();
  std::string kept_;  // as the file has it
  absl::Time asked_at_ = absl::InfinitePast();
  std::vector<std::unique_ptr<ProbeTry>> asking_;
  log::Limiter limiter_{absl::Seconds(10)};
  std::thread thread_;  // last: it uses the others
};

}  // namespace evenkeel::agent
