#include "coordinator/core/ids.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {
namespace {

// Digits only, no leading zero, no overflow: each id has one spelling, so that it can be a key.
bool ParseNumber(std::string_view text, uint64_t& number) {
  return !text.empty() && text.front() != '0' && std::all_of(text.begin(), text.end(), absl::ascii_isdigit) &&
         absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &number);
}

}  // namespace

std::string DecisionId::ToString() const {
  return absl::StrCat(epoch, "-", number);
}

absl::StatusOr<DecisionId> DecisionId::Parse(std::string_view text) {
  const size_t dash = text.find('-');
  DecisionId id;
  if (dash == std::string_view::npos || !ParseNumber(text.substr(0, dash), id.epoch) ||
      !ParseNumber(text.substr(dash + 1), id.number)) {
    return absl::InvalidArgumentError(absl::StrCat("\"", absl::string_view(text.data(), text.size()),
                                                   "\" is not a decision's id; one looks like 7-12"));
  }
  return id;
}

}  // namespace evenkeel::coordinator
