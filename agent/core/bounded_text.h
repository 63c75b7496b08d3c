#pragma once

#include <cstddef>
#include <string>

namespace evenkeel::agent {

// `text` cut to at most `most` bytes, at the end of a UTF-8 character: what strangers named goes into
// messages that are bounded, and half a character would make a message invalid.
inline std::string BoundedText(std::string text, size_t most) {
  if (text.size() > most) {
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) {
      --most;
    }
    text.resize(most);
  }
  return text;
}

}  // namespace evenkeel::agent
