#pragma once

#include <cstddef>
#include <string>

#include "common/base/utf8.h"

namespace evenkeel::agent {

// `text` cut to at most `most` bytes, as UTF-8: what strangers named or said goes into messages that are
// bounded, and the coordinator ends a session whose message it cannot read. Errors of the runtime and answers
// of the kubelet can hold any bytes.
inline std::string BoundedText(const std::string& text, size_t most) {
  return base::ValidUtf8(text, most);
}

}  // namespace evenkeel::agent
