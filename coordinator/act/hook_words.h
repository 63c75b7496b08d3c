// What a hook said, as a decision's record shows it.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

inline constexpr size_t kLongestHookWords = 400;  // in the record

// `head`, and after a colon the first line's worth of what was said; the head alone where nothing was.
std::string WithHookWords(std::string head, absl::string_view said);

}  // namespace evenkeel::coordinator
