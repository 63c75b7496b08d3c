// One watcher of one switch: as it is, and again whenever it has changed, at most once a period and in its
// latest state, until it has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/time/clock.h"
#include "coordinator/serve/later.h"
#include "coordinator/serve/switch_catalog.h"
#include "coordinator/serve/switch_feed.h"
#include "coordinator/serve/watch_source.h"

namespace evenkeel::coordinator {

class SwitchWatch final : public WatchSource<v1::WatchSwitchResponse> {
 public:
  static constexpr absl::Duration kPeriod = absl::Milliseconds(250);

  // All but `later` outlive the watch.
  SwitchWatch(const SwitchCatalog& catalog, SwitchFeed& feed, const DecisionId& decision,
              const time::Clock& clock, std::unique_ptr<Later> later, std::function<void()> wake);
  ~SwitchWatch() override;

  absl::StatusOr<bool> Next(v1::WatchSwitchResponse& out) override;
  bool Ended() override { return ended_; }

 private:
  enum class State {
    kReading,  // Next is called without being woken
    kResting,  // until the switch changes
    kPaced,    // it has changed, and waits for its time
  };

  void OnChange();
  void OnTime();

  const SwitchCatalog& catalog_;
  SwitchFeed& feed_;
  const DecisionId decision_;
  const time::Clock& clock_;
  const std::function<void()> wake_;

  // Used by Next and Ended alone.
  absl::Time next_ = absl::InfinitePast();
  bool ended_ = false;

  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kReading;
  bool changed_ ABSL_GUARDED_BY(mutex_) = true;

  std::unique_ptr<Later> later_;
  uint64_t watch_ = 0;
};

}  // namespace evenkeel::coordinator
