// Names that a watcher has not read yet. Those that wait are a set, so that a slow reader costs no more than
// one entry a name. Any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace evenkeel::coordinator {

class NameQueue {
 public:
  // `cluster`: what the watcher asked for; empty: all. `wake` is called, once, when something comes after
  // Take had nothing.
  NameQueue(std::string cluster, std::function<void()> wake)
      : cluster_(std::move(cluster)), wake_(std::move(wake)) {}

  bool Wants(const std::string& cluster) const { return cluster_.empty() || cluster_ == cluster; }
  void Enqueue(const std::string& name);
  // What is enqueued by now was there at the start: when it has been taken, Take says kSynced once.
  void EndFirstPart();

  enum class Kind { kNothing, kSynced, kName };
  struct Item {
    Kind kind = Kind::kNothing;
    std::string name;
  };
  Item Take();

 private:
  const std::string cluster_;
  const std::function<void()> wake_;

  absl::Mutex mutex_;
  std::deque<std::string> order_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> pending_ ABSL_GUARDED_BY(mutex_);
  size_t first_part_ ABSL_GUARDED_BY(mutex_) = 0;  // how many at the front were there at the start
  bool synced_ ABSL_GUARDED_BY(mutex_) = false;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace evenkeel::coordinator
