#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace evenkeel::coordinator {

// 16 hexadecimal digits, others for another text (FNV-1a, 64 bits). It tells accidents apart: nobody who
// wants to deceive writes to a gateway.
std::string Fingerprint(absl::string_view text);

}  // namespace evenkeel::coordinator
