#include "coordinator/core/burst/money.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace evenkeel::coordinator {
namespace {

constexpr int64_t kOne = 1'000'000;

int DecimalsOf(int64_t micros) {
  if (micros == 0 || micros >= 1000 * kOne) return 0;
  if (micros >= kOne) return 2;
  int decimals = 3;
  for (int64_t bound = kOne / 10; bound > micros && decimals < 6; bound /= 10) ++decimals;
  return decimals;
}

}  // namespace

std::string SayMoney(int64_t micros, absl::string_view currency) {
  micros = std::max<int64_t>(micros, 0);
  const double amount = static_cast<double>(micros) / static_cast<double>(kOne);
  return absl::StrCat(absl::StrFormat("%.*f", DecimalsOf(micros), amount), currency.empty() ? "" : " ",
                      currency);
}

}  // namespace evenkeel::coordinator
