// What a watching call sends: see watch_call.h for who sends it.
#pragma once

#include "absl/status/statusor.h"

namespace evenkeel::coordinator {

template <typename Response>
class WatchSource {
 public:
  virtual ~WatchSource() = default;

  // Fills `out` with the next message and returns true; false: there is none now, and the `wake` that the
  // source was made with is called, once, when there is; an error ends the watch. Called by one thread at a
  // time.
  virtual absl::StatusOr<bool> Next(Response& out) = 0;

  // Nothing will come any more and all is well. Asked when Next has returned false.
  virtual bool Ended() { return false; }
};

}  // namespace evenkeel::coordinator
