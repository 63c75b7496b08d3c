#pragma once

#include <optional>

#include "absl/time/time.h"
#include "evenkeel/v1/fencing.pb.h"

namespace evenkeel::agent {

// What the session and this node's fence have to say to each other. Used by the session's thread; nothing
// blocks.
class FencePort {
 public:
  virtual ~FencePort() = default;

  // The boot clock's time: by it words are dated.
  virtual absl::Time BootTime() const = 0;
  // The coordinator has confirmed what was sent to it at `sent`.
  virtual void Heard(absl::Time sent) = 0;
  // Settings came in the session whose hello was sent at `hello`.
  virtual void Follow(const v1::FencingSettings& settings, absl::Time hello) = 0;
  // A session begins: all that is known is news to it.
  virtual void SessionBegins() = 0;
  // What the coordinator does not know yet, once.
  virtual std::optional<v1::FencingStatus> TakeStatus() = 0;
};

}  // namespace evenkeel::agent
