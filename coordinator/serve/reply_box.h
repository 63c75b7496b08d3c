// Brings the core's replies back to the calls that wait for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "coordinator/core/effects.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class ReplyBox {
 public:
  // At most `capacity` calls wait. `events` outlives the box.
  explicit ReplyBox(EventSink& events, size_t capacity = 1024);

  // Posts the event that `make` builds around a new request id. `done` gets the core's reply, on the loop's
  // thread, or within the call a reply with the cause why there will be none. Exactly once, unless the loop
  // hangs.
  void Ask(const std::function<Event(uint64_t request_id)>& make, std::function<void(const Reply&)> done);

  // From the runtime's outlet.
  void Deliver(const Reply& reply);

  // The runtime has stopped: everybody who waits is told UNAVAILABLE, and so is everybody who asks later.
  void Close();

 private:
  EventSink& events_;
  const size_t capacity_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::function<void(const Reply&)>> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace evenkeel::coordinator
