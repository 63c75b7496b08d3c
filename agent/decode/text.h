#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/strings/string_view.h"

// Cutting kernel and runtime text into pieces without copying it. Everything here accepts any bytes at all:
// what does not have the expected form is told by the return value, never by a crash and never by a made-up
// number.
namespace evenkeel::agent {

// The same text for Abseil, whose string_view is a type of its own in some builds and std's in others.
inline absl::string_view View(std::string_view text) {
  return {text.data(), text.size()};
}

// Takes the next line off the front of `text` (without its '\n'). False when nothing is left.
bool TakeLine(std::string_view& text, std::string_view& line);

// Takes the next run of non-blank characters (blank: space, tab) off the front of `text`. False when none is
// left.
bool TakeWord(std::string_view& text, std::string_view& word);

// Removes blanks and line ends at both sides.
std::string_view Trim(std::string_view text);

// The whole of `text` as an unsigned decimal number; nothing on an empty text, any other character, or
// overflow.
std::optional<uint64_t> ParseUnsigned(std::string_view text);

// The whole of `text` as a finite decimal number that is not negative ("0.25", "1e3").
std::optional<double> ParseNonNegative(std::string_view text);

// The value of "`key` value" lines ("memory.stat", "cpu.stat"): the first line whose first word is `key`.
std::optional<uint64_t> ParseKeyedValue(std::string_view text, std::string_view key);

}  // namespace evenkeel::agent
