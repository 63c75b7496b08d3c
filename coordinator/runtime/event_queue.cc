#include "coordinator/runtime/event_queue.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace evenkeel::coordinator {

bool EventQueue::Push(Event event) {
  std::unique_lock<std::mutex> lock(mutex_);
  not_full_.wait(lock, [this] { return closed_ || events_.size() < capacity_; });
  if (closed_) return false;
  events_.push_back(std::move(event));
  not_empty_.notify_one();
  return true;
}

bool EventQueue::PushByTaker(Event event) {
  const std::unique_lock<std::mutex> lock(mutex_);
  if (closed_) return false;
  events_.push_back(std::move(event));
  return true;
}

absl::Status EventQueue::TryPush(Event event) {
  const std::unique_lock<std::mutex> lock(mutex_);
  if (closed_) return absl::UnavailableError("the coordinator is stopping: ask again in a few seconds");
  if (events_.size() >= capacity_) {
    return absl::ResourceExhaustedError(
        "the coordinator has too much to do right now: ask again in a moment");
  }
  events_.push_back(std::move(event));
  not_empty_.notify_one();
  return absl::OkStatus();
}

bool EventQueue::Take(std::vector<Event>& events, size_t most, absl::Duration patience) {
  events.clear();
  // Now plus "for ever" would overflow.
  const absl::Duration wait = std::clamp(patience, absl::ZeroDuration(), absl::Hours(1));
  std::unique_lock<std::mutex> lock(mutex_);
  not_empty_.wait_for(lock, absl::ToChronoNanoseconds(wait), [this] { return closed_ || !events_.empty(); });
  if (closed_) return false;
  const auto end = events_.begin() + static_cast<std::ptrdiff_t>(std::min(most, events_.size()));
  events.assign(std::make_move_iterator(events_.begin()), std::make_move_iterator(end));
  events_.erase(events_.begin(), end);
  not_full_.notify_all();
  return true;
}

void EventQueue::Close() {
  const std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  not_empty_.notify_all();
  not_full_.notify_all();
}

size_t EventQueue::size() const {
  const std::unique_lock<std::mutex> lock(mutex_);
  return events_.size();
}

}  // namespace evenkeel::coordinator
