#include "common/base/random.h"

#include "absl/random/random.h"

namespace evenkeel::base {

double RandomUnit() {
  thread_local absl::InsecureBitGen generator;
  return absl::Uniform(generator, 0.0, 1.0);
}

}  // namespace evenkeel::base
