// The switches that are under way as they are now, and that each has changed, for those who read and watch
// them.
//
// Threading: any thread. Memory: as many statuses as switches are under way (at most kMostSwitches), and a
// function for each watcher.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/core/switch/switch_events.h"

namespace evenkeel::coordinator {

class SwitchFeed {
 public:
  using Shown = std::shared_ptr<const SwitchStatus>;

  // From the runtime's outlet. `Erase`: it has ended; how is in the store by then.
  void Put(const SwitchStatus& status);
  void Erase(const DecisionId& decision);

  // Null: none of them is under way.
  Shown Find(const DecisionId& decision) const;
  Shown FindNamed(absl::string_view name) const;
  std::vector<Shown> NewestFirst() const;

  // Calls `changed` whenever the switch has changed or ended, under the feed's lock: it must call nothing of
  // the feed. Not any more once Unwatch, with the number that Watch gave, has returned.
  uint64_t Watch(const DecisionId& decision, std::function<void()> changed);
  void Unwatch(uint64_t watch);

 private:
  struct Watcher {
    DecisionId decision;
    std::function<void()> changed;
  };

  void Tell(const DecisionId& decision) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<DecisionId, Shown> shown_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_watch_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, Watcher> watchers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
