#include "coordinator/serve/name_queue.h"

#include <utility>

namespace evenkeel::coordinator {

void NameQueue::Enqueue(const std::string& name) {
  bool wake = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!pending_.insert(name).second) return;
    order_.push_back(name);
    wake = std::exchange(waiting_, false);
  }
  if (wake) wake_();
}

void NameQueue::EndFirstPart() {
  absl::MutexLock lock(&mutex_);
  first_part_ = order_.size();
}

NameQueue::Item NameQueue::Take() {
  absl::MutexLock lock(&mutex_);
  if (!synced_ && first_part_ == 0) {
    synced_ = true;
    return {.kind = Kind::kSynced, .name = {}};
  }
  if (order_.empty()) {
    waiting_ = true;
    return {};
  }
  Item item{.kind = Kind::kName, .name = std::move(order_.front())};
  order_.pop_front();
  pending_.erase(item.name);
  if (first_part_ > 0) --first_part_;
  return item;
}

}  // namespace evenkeel::coordinator
