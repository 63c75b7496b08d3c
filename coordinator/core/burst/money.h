// Amounts of money for people.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// "0.0134 USD", "2.50 USD", "17 USD"; without a currency "0.0134". Three significant figures below ten, two
// decimals above, none above a thousand. Of millionths; negative counts as zero.
std::string SayMoney(int64_t micros, absl::string_view currency);

}  // namespace evenkeel::coordinator
