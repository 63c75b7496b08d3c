// Names that operators give to clusters and gateways.
#pragma once

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

inline constexpr size_t kLongestName = 63;
inline constexpr char kNameForm[] = "1 to 63 lower-case letters, digits, '-' and '.'";

inline bool IsName(absl::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-' || c == '.';
         });
}

}  // namespace evenkeel::coordinator
