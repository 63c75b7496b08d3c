#include "coordinator/serve/switch_watch.h"

#include <utility>

#include "common/base/status.h"

namespace evenkeel::coordinator {

SwitchWatch::SwitchWatch(const SwitchCatalog& catalog, SwitchFeed& feed, const DecisionId& decision,
                         const time::Clock& clock, std::unique_ptr<Later> later, std::function<void()> wake)
    : catalog_(catalog),
      feed_(feed),
      decision_(decision),
      clock_(clock),
      wake_(std::move(wake)),
      later_(std::move(later)),
      watch_(feed.Watch(decision, [this] { OnChange(); })) {}

SwitchWatch::~SwitchWatch() {
  feed_.Unwatch(watch_);
  later_.reset();
}

absl::StatusOr<bool> SwitchWatch::Next(v1::WatchSwitchResponse& out) {
  out.Clear();
  if (ended_) return false;
  const absl::Duration early = next_ - clock_.Now();
  {
    absl::MutexLock lock(&mutex_);
    if (!changed_) {
      state_ = State::kResting;
      return false;
    }
    state_ = early > absl::ZeroDuration() ? State::kPaced : State::kReading;
    if (state_ == State::kReading) changed_ = false;  // what changes from here on is sent again
  }
  if (early > absl::ZeroDuration()) {
    later_->Call(early, [this] { OnTime(); });
    return false;
  }
  EVENKEEL_ASSIGN_OR_RETURN(*out.mutable_traffic_switch(), catalog_.Show(decision_));
  ended_ = out.traffic_switch().has_end_time();
  next_ = clock_.Now() + kPeriod;
  return true;
}

void SwitchWatch::OnChange() {
  {
    absl::MutexLock lock(&mutex_);
    changed_ = true;
    if (state_ != State::kResting) return;
    state_ = State::kReading;
  }
  wake_();
}

void SwitchWatch::OnTime() {
  {
    absl::MutexLock lock(&mutex_);
    if (state_ != State::kPaced) return;
    state_ = State::kReading;
  }
  wake_();
}

}  // namespace evenkeel::coordinator
