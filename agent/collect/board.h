#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "agent/core/node_state.h"
#include "agent/core/report_source.h"

namespace evenkeel::agent {

// Where collectors put what they see and the session takes what is to be sent. Any thread may use it. The
// lock is held only to move data that is already there, never while something is read or sent: so no
// collector can hold up another, or the beat.
class Board final : public ReportSource {
 public:
  // Runs `change` on the state. It must not block.
  template <typename Change>
  void Update(Change&& change) {
    absl::MutexLock lock(&mutex_);
    std::forward<Change>(change)(state_);
    if (wake_ && state_.HasUrgentNews()) {
      wake_();
    }
  }

  bool SamplesClosely() const {
    absl::MutexLock lock(&mutex_);
    return state_.SamplesClosely();
  }
  bool HasNews() const override {
    absl::MutexLock lock(&mutex_);
    return state_.HasNews();
  }
  Numbered TakeAll(absl::Time now) override {
    absl::MutexLock lock(&mutex_);
    v1::Report report = state_.TakeAll(now);
    return {.report = std::move(report), .number = state_.report_number()};
  }
  Numbered TakeChanges(absl::Time now) override {
    absl::MutexLock lock(&mutex_);
    v1::Report report = state_.TakeChanges(now);
    return {.report = std::move(report), .number = state_.report_number()};
  }
  void SampleClosely(const std::vector<std::string>& pod_uids) override {
    absl::MutexLock lock(&mutex_);
    state_.SampleClosely(pod_uids);
  }
  bool HasUrgentNews() const override {
    absl::MutexLock lock(&mutex_);
    return state_.HasUrgentNews();
  }
  void WakeOnUrgentNews(std::function<void()> wake) override {
    absl::MutexLock lock(&mutex_);
    wake_ = std::move(wake);
  }
  void Confirm(uint64_t number) override {
    absl::MutexLock lock(&mutex_);
    state_.Confirm(number);
  }

 private:
  mutable absl::Mutex mutex_;
  NodeState state_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> wake_ ABSL_GUARDED_BY(mutex_);  // may be empty
};

}  // namespace evenkeel::agent
