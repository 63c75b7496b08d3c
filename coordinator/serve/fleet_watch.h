// One watcher of the fleet: what is there, then SYNCED, then what changes.
//
// Changes are kept as a queue of resources, each in it at most once, and looked up when they are sent:
// however fast a resource changes, a reader gets its latest state and the queue holds no more entries than
// resources changed since. A reader that lets more than `max_pending` gather is ended.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/serve/fleet_view.h"
#include "coordinator/serve/label_selector.h"
#include "coordinator/serve/watch_source.h"
#include "evenkeel/v1/fleet.pb.h"

namespace evenkeel::coordinator {

struct FleetFilter {
  std::set<FleetKind> kinds;  // empty = all
  std::string cluster;        // empty = all
  std::string name_space;     // pods only of it; empty = all
  LabelSelector selector;     // over the labels of nodes and pods

  // What a resource's name alone says.
  bool MayMatch(const FleetKey& key) const;
  bool Matches(const FleetSnapshot& snapshot) const;
};

class FleetWatch final : public WatchSource<v1::WatchFleetResponse>, private FleetListener {
 public:
  static constexpr size_t kMaxPending = size_t{1} << 18;

  // `view` outlives the watch. `wake` as WatchSource says.
  FleetWatch(FleetView& view, FleetFilter filter, std::function<void()> wake,
             size_t max_pending = kMaxPending);
  ~FleetWatch() override;

  absl::StatusOr<bool> Next(v1::WatchFleetResponse& out) override;

 private:
  void OnChanged(const FleetRef& ref) override;
  void OnGone(const FleetRef& ref, std::shared_ptr<const FleetSnapshot> last) override;
  void Enqueue(const FleetRef& ref, std::shared_ptr<const FleetSnapshot> last);
  absl::Status TooSlow() const;

  // The next resource of the first part; nothing when all were sent.
  std::optional<FleetSnapshot> NextOfFirstPart();
  bool Describe(const FleetRef& ref, const FleetSnapshot* last, v1::WatchFleetResponse& out);

  FleetView& view_;
  const FleetFilter filter_;
  const std::function<void()> wake_;
  const size_t max_pending_;

  // Used by Next alone.
  std::deque<FleetSnapshot> read_;      // of the first part, not sent yet
  absl::flat_hash_set<FleetRef> sent_;  // what the reader has
  bool synced_ = false;

  absl::Mutex mutex_;
  std::optional<FleetKey> read_until_ ABSL_GUARDED_BY(mutex_) =
      FleetKey{};  // of the first part; none = all of it
  std::deque<FleetRef> pending_ ABSL_GUARDED_BY(mutex_);
  // Those pending; with their last state when they are gone.
  absl::flat_hash_map<FleetRef, std::shared_ptr<const FleetSnapshot>> last_states_ ABSL_GUARDED_BY(mutex_);
  bool overflowed_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator
