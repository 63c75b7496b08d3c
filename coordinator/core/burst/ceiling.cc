#include "coordinator/core/burst/ceiling.h"

#include <algorithm>

namespace evenkeel::coordinator {

int64_t CeilingFor(const CeilingSight& sight) {
  const int64_t real = sight.on_real + (sight.pressing > 0 ? 0 : sight.room);
  const int64_t fits = sight.used_up ? real : real + sight.on_virtual + sight.allowed;
  const int64_t may_go = sight.pressing + (sight.used_up ? sight.on_virtual : 0);
  return std::max(fits, sight.current - may_go);
}

}  // namespace evenkeel::coordinator
