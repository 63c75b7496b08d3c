// The open decisions, and all changes of decisions, for those who watch them.
//
// Threading: any thread. Memory: the open decisions (at most one a node) and, for each watcher, what it has
// not read yet.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/core/decision.h"
#include "coordinator/serve/watch_source.h"
#include "evenkeel/v1/decision.pb.h"

namespace evenkeel::coordinator {

class DecisionWatch;

class DecisionFeed {
 public:
  // `open`: what the store held at the start.
  explicit DecisionFeed(const std::vector<Decision>& open);

  // A decision is new or changed. From the runtime's outlet.
  void OnDecision(const Decision& decision);

  // How many are open, for /metrics.
  size_t open() const;

 private:
  friend class DecisionWatch;

  mutable absl::Mutex mutex_;
  std::map<DecisionId, std::shared_ptr<const Decision>> open_ ABSL_GUARDED_BY(mutex_);
  std::set<DecisionWatch*> watches_ ABSL_GUARDED_BY(mutex_);
};

// One watcher: the open decisions, SYNCED, then each decision that changes, each in its latest state. A
// reader that lets more than `max_pending` decisions gather is ended with RESOURCE_EXHAUSTED.
class DecisionWatch final : public WatchSource<v1::WatchDecisionsResponse> {
 public:
  static constexpr size_t kMaxPending = 4096;

  // `feed` outlives the watch. `cluster` empty: all.
  DecisionWatch(DecisionFeed& feed, std::string cluster, std::function<void()> wake,
                size_t max_pending = kMaxPending);
  ~DecisionWatch() override;

  absl::StatusOr<bool> Next(v1::WatchDecisionsResponse& out) override;

 private:
  friend class DecisionFeed;

  // Under the feed's lock.
  void Enqueue(const std::shared_ptr<const Decision>& decision);

  DecisionFeed& feed_;
  const std::string cluster_;
  const std::function<void()> wake_;
  const size_t max_pending_;

  // Used by Next alone.
  std::set<DecisionId> sent_;  // those that were open when they were sent
  bool synced_ = false;

  absl::Mutex mutex_;
  std::deque<DecisionId> pending_ ABSL_GUARDED_BY(mutex_);
  std::map<DecisionId, std::shared_ptr<const Decision>> latest_ ABSL_GUARDED_BY(mutex_);  // of those pending
  size_t first_part_ ABSL_GUARDED_BY(mutex_) = 0;  // how many at the front were open at the start
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator
