#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "coordinator/core/events.h"

namespace evenkeel::coordinator {

// Events from many threads to the loop, in the order in which they came, bounded.
//
// On std's condition variable and not on absl's: its waits count on the monotonic clock, while absl's timed
// waits turn into points of the wall clock, which somebody may set back (L2).
class EventQueue {
 public:
  explicit EventQueue(size_t capacity) : capacity_(capacity) {}

  // Waits while the queue is full. False: closed, the event is dropped.
  bool Push(Event event);
  // The same beyond the capacity and without waiting: for the taker itself, which would wait for itself.
  bool PushByTaker(Event event);
  // RESOURCE_EXHAUSTED when full, UNAVAILABLE when closed.
  absl::Status TryPush(Event event);

  // Puts up to `most` events into `events` (emptied before), after waiting up to `patience` for the first of
  // them. False: closed; what is left in the queue is dropped.
  bool Take(std::vector<Event>& events, size_t most, absl::Duration patience);

  void Close();
  size_t size() const;

 private:
  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<Event> events_;
  bool closed_ = false;
};

}  // namespace evenkeel::coordinator
