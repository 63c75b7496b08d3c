// Is a share of failures too high, or may it be chance? Pure.
#pragma once

#include <cstdint>

namespace evenkeel::coordinator {

// The lower end of Wilson's score interval (Wilson, 1927) for `bad` of `all` at z = 3, as permille: with 99.9
// % certainty the true share is no lower. Looked at four times a second a smaller z would be passed by chance
// in a long soak. 0 for all = 0.
double SurelyBadPermille(uint64_t bad, uint64_t all);

// As it was seen; 0 for all = 0.
double BadPermille(uint64_t bad, uint64_t all);

}  // namespace evenkeel::coordinator
