// The scalers as they are now, and all changes of them, for those who read and watch them.
//
// Threading: any thread. Memory: one status a scaler and, for each watcher, the names that it has not read
// yet. A watcher hears of each scaler in its latest state; the core looks at most once a second, so it
// changes no oftener.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/core/effects.h"
#include "coordinator/core/scale/scaler_status.h"
#include "coordinator/serve/watch_source.h"
#include "evenkeel/v1/scaler.pb.h"

namespace evenkeel::coordinator {

class ScalerWatch;

class ScalerFeed {
 public:
  // From the runtime's outlet.
  void OnScaler(const ScalerChanged& change);
  void OnScalerGone(const ScalerGone& gone);

  std::shared_ptr<const ScalerStatus> Find(const std::string& policy) const;  // null: there is none
  // At most `limit` of the cluster's (empty: all), by name, after that name.
  std::vector<std::shared_ptr<const ScalerStatus>> After(const std::string& name, const std::string& cluster,
                                                         size_t limit) const;
  size_t size() const;

 private:
  friend class ScalerWatch;

  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<const ScalerStatus>> scalers_ ABSL_GUARDED_BY(mutex_);
  std::set<ScalerWatch*> watches_ ABSL_GUARDED_BY(mutex_);
};

// One watcher: the scalers, SYNCED, then each that changes. Names that wait are a set, so that a slow reader
// costs no more than one entry a scaler; it is never ended for slowness alone.
class ScalerWatch final : public WatchSource<v1::WatchScalersResponse> {
 public:
  // `feed` outlives the watch. `cluster` empty: all.
  ScalerWatch(ScalerFeed& feed, std::string cluster, std::function<void()> wake);
  ~ScalerWatch() override;

  absl::StatusOr<bool> Next(v1::WatchScalersResponse& out) override;

 private:
  friend class ScalerFeed;

  bool Wants(const std::string& cluster) const;
  // Under the feed's lock.
  void Enqueue(const std::string& policy);

  ScalerFeed& feed_;
  const std::string cluster_;
  const std::function<void()> wake_;

  std::set<std::string> sent_;  // used by Next alone
  bool synced_ = false;

  absl::Mutex mutex_;
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> pending_ ABSL_GUARDED_BY(mutex_);
  size_t first_part_ ABSL_GUARDED_BY(mutex_) = 0;  // how many at the front were there at the start
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator
