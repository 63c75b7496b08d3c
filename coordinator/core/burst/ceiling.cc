#include "coordinator/core/burst/ceiling.h"

namespace evenkeel::coordinator {

int64_t CeilingFor(const CeilingSight& sight) {
  const int64_t real = sight.on_real + (sight.presses ? 0 : sight.room);
  return sight.used_up ? real : real + sight.on_virtual + sight.allowed;
}

}  // namespace evenkeel::coordinator
