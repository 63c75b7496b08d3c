// Where released effects go.
#pragma once

#include "coordinator/core/effects.h"

namespace evenkeel::coordinator {

// All calls come from the thread that turns the loop, in order, and must not block.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void Release(const ReleasedAction& action) = 0;
  virtual void Release(const Request& request) = 0;
  virtual void Release(const Reply& reply) = 0;
  virtual void Release(const Notice& notice) = 0;
};

}  // namespace evenkeel::coordinator
