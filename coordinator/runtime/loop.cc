#include "coordinator/runtime/loop.h"

#include <iterator>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"

namespace evenkeel::coordinator {
namespace {

ActionFinished TooLate(const ReleasedAction& released, absl::Duration took) {
  return {.decision = released.decision,
          .number = released.action.number,
          .outcome = ActionOutcome::kUnreachable,
          .detail = absl::StrCat("not sent: the coordinator stood still for ", absl::FormatDuration(took),
                                 " between its decision and this"),
          .attempt = released.action.attempts};
}

}  // namespace

Loop::Loop(const Restored& restored, StateStore& store, Outlet& outlet, const time::Clock& clock,
           Recorder* recorder)
    : Loop(clock.Now(), restored, store, outlet, clock, recorder) {}

Loop::Loop(absl::Time now, const Restored& restored, StateStore& store, Outlet& outlet,
           const time::Clock& clock, Recorder* recorder)
    : core_(restored, now), store_(store), outlet_(outlet), clock_(clock), recorder_(recorder) {
  if (recorder_ != nullptr) recorder_->OnStart(restored, now);
}

void Loop::Step(const Event& event, absl::Time now) {
  steps_.push_back(core_.Step(event, now));
  if (recorder_ != nullptr) recorded_.push_back({.event = event, .now = now, .decided = {}});
}

void Loop::Step(const std::vector<Event>& events) {
  EVENKEEL_CHECK(next_ == Next::kStep) << "a turn begins with its steps";
  next_ = Next::kCommit;
  stepped_ = clock_.Now();
  steps_.reserve(held_back_.size() + events.size() + 1);
  for (const Event& event : held_back_) Step(event, clock_.Now());
  held_back_.clear();
  // What has happened comes before what has not happened in time: a sign of life that waits in the queue must
  // not lose against the deadline that it meets (L1).
  for (const Event& event : events) Step(event, clock_.Now());
  if (const absl::Time now = clock_.Now(); now >= core_.NextDeadline()) Step(Tick{}, now);
  for (Effects& effects : steps_) {
    std::move(effects.writes.begin(), effects.writes.end(), std::back_inserter(writes_));
  }
}

absl::Status Loop::Commit() {
  EVENKEEL_CHECK(next_ == Next::kCommit) << "a turn is committed once, after its steps";
  next_ = Next::kNothing;
  if (!writes_.empty()) {
    if (absl::Status status = store_.Commit(writes_); !status.ok()) return status;
  }
  next_ = Next::kRelease;
  return absl::OkStatus();
}

void Loop::Release() {
  EVENKEEL_CHECK(next_ == Next::kRelease) << "nothing is released before it is durable (L3)";
  const absl::Duration took = clock_.Now() - stepped_;
  for (const Effects& effects : steps_) {
    for (const ReleasedAction& action : effects.actions) {
      if (took > kLongestTurn) {
        held_back_.emplace_back(TooLate(action, took));
      } else {
        outlet_.Release(action);
      }
    }
    for (const Request& request : effects.requests) outlet_.Release(request);
    for (const Reply& reply : effects.replies) outlet_.Release(reply);
    for (const Notice& notice : effects.notices) outlet_.Release(notice);
  }
  Record();
  steps_.clear();
  writes_.clear();
  next_ = Next::kStep;
}

void Loop::Record() {
  if (recorder_ == nullptr || recorded_.empty()) return;
  for (size_t i = 0; i < recorded_.size(); ++i) {
    for (Notice& notice : steps_[i].notices) {
      if (auto* changed = std::get_if<DecisionChanged>(&notice)) {
        recorded_[i].decided.push_back(std::move(changed->decision));
      }
    }
  }
  const absl::Time now = recorded_.back().now;
  recorder_->OnSteps(std::move(recorded_));
  recorded_.clear();
  if (recorder_->WantsCheckpoint()) recorder_->OnCheckpoint(core_.Checkpoint(), now);
}

}  // namespace evenkeel::coordinator
