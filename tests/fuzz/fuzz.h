#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/base/utf8.h"

// What libFuzzer calls with one input, and what tests/fuzz/replay.cc calls with each file of a corpus. Any
// bytes at all must be taken; what must hold of the answer is told by EVENKEEL_CHECK, which ends the process.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace evenkeel::fuzz {

inline std::string_view Text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Takes the front of `input` up to `separator` off it, and the separator too; all of it when there is none.
// One input so holds several texts.
inline std::string_view TakePart(std::string_view& input, char separator = '\0') {
  const size_t end = input.find(separator);
  const std::string_view part = input.substr(0, end);
  input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  return part;
}

// Takes bytes off the front of `input` that begin with their own number (two bytes, the lower first); what
// there is when there are not as many. One input so holds several messages.
inline std::string_view TakeSized(std::string_view& input) {
  if (input.size() < 2) return std::exchange(input, {});
  const size_t size = static_cast<uint8_t>(input[0]) + size_t{256} * static_cast<uint8_t>(input[1]);
  const std::string_view part = input.substr(2, size);
  input.remove_prefix(2 + part.size());
  return part;
}

// Takes one byte off the front; 0 when there is none.
inline uint8_t TakeByte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

// What goes into a message or a record must be UTF-8.
inline bool IsUtf8(std::string_view text) {
  return base::ValidUtf8(text) == text;
}

}  // namespace evenkeel::fuzz
