#include "coordinator/core/burst/ceiling.h"

#include <algorithm>

namespace evenkeel::coordinator {

int64_t CeilingFor(const CeilingSight& sight) {
  const int64_t real = sight.on_real + (sight.pressing > 0 ? 0 : sight.room);
  const int64_t stays = sight.used_up ? sight.on_virtual - sight.virtual_go_first : sight.on_virtual;
  const int64_t fits = real + stays + (sight.used_up ? 0 : sight.allowed);
  const int64_t may_go = sight.pressing_go_first + (sight.used_up ? sight.virtual_go_first : 0);
  return std::max(fits, sight.current - may_go);
}

}  // namespace evenkeel::coordinator
