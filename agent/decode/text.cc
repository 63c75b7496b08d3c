#include "agent/decode/text.h"

#include <charconv>
#include <cmath>

namespace evenkeel::agent {

bool TakeLine(std::string_view& text, std::string_view& line) {
  if (text.empty()) {
    return false;
  }
  const size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return true;
}

bool TakeWord(std::string_view& text, std::string_view& word) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    text = {};
    return false;
  }
  text.remove_prefix(begin);
  const size_t end = text.find_first_of(" \t");
  word = text.substr(0, end);
  text.remove_prefix(word.size());
  return true;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

std::optional<uint64_t> ParseUnsigned(std::string_view text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty()) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> ParseNonNegative(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || text.empty() || !std::isfinite(value) || std::signbit(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<uint64_t> ParseKeyedValue(std::string_view text, std::string_view key) {
  std::string_view line;
  while (TakeLine(text, line)) {
    if (line.size() > key.size() && line.starts_with(key) && line[key.size()] == ' ') {
      return ParseUnsigned(Trim(line.substr(key.size())));
    }
  }
  return std::nullopt;
}

}  // namespace evenkeel::agent
