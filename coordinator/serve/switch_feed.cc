#include "coordinator/serve/switch_feed.h"

#include <utility>

namespace evenkeel::coordinator {

void SwitchFeed::Put(const SwitchStatus& status) {
  auto fresh = std::make_shared<const SwitchStatus>(status);
  absl::MutexLock lock(&mutex_);
  shown_.insert_or_assign(status.decision, std::move(fresh));
  Tell(status.decision);
}

void SwitchFeed::Erase(const DecisionId& decision) {
  absl::MutexLock lock(&mutex_);
  if (shown_.erase(decision) > 0) Tell(decision);
}

SwitchFeed::Shown SwitchFeed::Find(const DecisionId& decision) const {
  absl::MutexLock lock(&mutex_);
  const auto found = shown_.find(decision);
  return found == shown_.end() ? nullptr : found->second;
}

SwitchFeed::Shown SwitchFeed::FindNamed(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [decision, status] : shown_) {
    if (status->record.spec.name == name) return status;
  }
  return nullptr;
}

std::vector<SwitchFeed::Shown> SwitchFeed::NewestFirst() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Shown> all;
  all.reserve(shown_.size());
  for (auto at = shown_.rbegin(); at != shown_.rend(); ++at) all.push_back(at->second);
  return all;
}

uint64_t SwitchFeed::Watch(const DecisionId& decision, std::function<void()> changed) {
  absl::MutexLock lock(&mutex_);
  watchers_.emplace(++last_watch_, Watcher{decision, std::move(changed)});
  return last_watch_;
}

void SwitchFeed::Unwatch(uint64_t watch) {
  absl::MutexLock lock(&mutex_);
  watchers_.erase(watch);
}

void SwitchFeed::Tell(const DecisionId& decision) const {
  for (const auto& [number, watcher] : watchers_) {
    if (watcher.decision == decision) watcher.changed();
  }
}

}  // namespace evenkeel::coordinator
