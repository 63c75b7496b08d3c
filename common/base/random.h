#pragma once

namespace evenkeel::base {

// A uniform random number in [0, 1), for jitter. Not for secrets. Any thread may call it. The pure rooms take
// such a number as an argument instead (L12).
double RandomUnit();

}  // namespace evenkeel::base
