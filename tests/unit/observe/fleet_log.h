#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/observe/fleet_observer.h"

namespace evenkeel::testing {

// A FleetObserver that keeps what it is told, as lines and as the latest state.
class FleetLog final : public coordinator::FleetObserver {
 public:
  void OnApi(const coordinator::ObservedApi& api) override {
    absl::MutexLock lock(&mutex_);
    api_ = api;
    lines_.push_back(absl::StrCat("api ", api.reachable, " ", api.version));
  }
  void OnNode(const coordinator::ObservedNode& node) override {
    absl::MutexLock lock(&mutex_);
    nodes_[node.key] = node;
    lines_.push_back("node " + node.key.node);
  }
  void OnNodeGone(const coordinator::NodeKey& key) override {
    absl::MutexLock lock(&mutex_);
    nodes_.erase(key);
    lines_.push_back("node gone " + key.node);
  }
  void OnPod(const coordinator::ObservedPod& pod) override {
    absl::MutexLock lock(&mutex_);
    pods_[pod.key] = pod;
    lines_.push_back("pod " + pod.key.name);
  }
  void OnPodGone(const coordinator::PodKey& key) override {
    absl::MutexLock lock(&mutex_);
    pods_.erase(key);
    lines_.push_back("pod gone " + key.name);
  }

  // Since the last call.
  std::vector<std::string> TakeLines() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(lines_, {});
  }
  coordinator::ObservedApi api() const {
    absl::MutexLock lock(&mutex_);
    return api_;
  }
  std::map<coordinator::PodKey, coordinator::ObservedPod> pods() const {
    absl::MutexLock lock(&mutex_);
    return pods_;
  }

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::string> lines_ ABSL_GUARDED_BY(mutex_);
  coordinator::ObservedApi api_ ABSL_GUARDED_BY(mutex_);
  std::map<coordinator::NodeKey, coordinator::ObservedNode> nodes_ ABSL_GUARDED_BY(mutex_);
  std::map<coordinator::PodKey, coordinator::ObservedPod> pods_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::testing
