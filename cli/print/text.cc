#include "cli/print/text.h"

#include <cmath>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace evenkeel::cli {

std::string OrNone(absl::string_view text) {
  return std::string(text.empty() ? kNone : text);
}

std::string Printable(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F, which some terminals obey, are C2 80 to C2 9F in UTF-8.
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && (static_cast<unsigned char>(text[i + 1]) & 0xE0U) == 0x80U;
    if (c1) ++i;
    result.push_back(c1 || byte < 0x20 || byte == 0x7F ? '?' : text[i]);
  }
  return result;
}

absl::Time ToTime(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

std::string Age(absl::Duration age) {
  const std::int64_t seconds = std::max<std::int64_t>(0, absl::ToInt64Seconds(age));
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  const auto pair = [](std::int64_t large, const char* large_unit, std::int64_t small,
                       const char* small_unit) {
    return small == 0 ? absl::StrCat(large, large_unit) : absl::StrCat(large, large_unit, small, small_unit);
  };
  if (seconds < 120) return absl::StrCat(seconds, "s");
  if (minutes < 10) return pair(minutes, "m", seconds % 60, "s");
  if (minutes < 180) return absl::StrCat(minutes, "m");
  if (hours < 8) return pair(hours, "h", minutes % 60, "m");
  if (hours < 48) return absl::StrCat(hours, "h");
  if (days < 8) return pair(days, "d", hours % 24, "h");
  if (days < 730) return absl::StrCat(days, "d");
  return pair(days / 365, "y", days % 365, "d");
}

std::string Span(absl::Duration span) {
  if (span < absl::ZeroDuration()) return absl::StrCat("-", Span(-span));
  const double milliseconds = absl::ToDoubleMilliseconds(span);
  if (milliseconds < 1 && span > absl::ZeroDuration()) return absl::StrFormat("%.1f ms", milliseconds);
  if (std::llround(milliseconds) < 1000) return absl::StrFormat("%d ms", std::llround(milliseconds));
  if (std::llround(milliseconds / 10) < 6000) return absl::StrFormat("%.2f s", milliseconds / 1000);
  const auto seconds = static_cast<std::int64_t>(std::llround(absl::ToDoubleSeconds(span)));
  return seconds < 3600 ? absl::StrFormat("%dm %ds", seconds / 60, seconds % 60)
                        : absl::StrFormat("%dh %dm", seconds / 3600, seconds / 60 % 60);
}

std::string Instant(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%E3S UTC", time, absl::UTCTimeZone());
}

std::string Bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kKibi = 1024;
  if (bytes < kKibi) return absl::StrCat(bytes);
  if (bytes < kKibi * kKibi) return absl::StrCat(bytes / kKibi, "Ki");
  if (bytes < 10 * kKibi * kKibi * kKibi) return absl::StrCat(bytes / kKibi / kKibi, "Mi");
  return absl::StrFormat("%.1fGi", static_cast<double>(bytes) / static_cast<double>(kKibi * kKibi * kKibi));
}

std::string Millicores(std::uint64_t millicores) {
  return absl::StrCat(millicores, "m");
}

std::string Count(std::uint64_t number, absl::string_view singular, absl::string_view plural) {
  if (number == 1) return absl::StrCat("1 ", singular);
  return plural.empty() ? absl::StrCat(number, " ", singular, "s") : absl::StrCat(number, " ", plural);
}

std::string LastSegment(absl::string_view resource_name) {
  const std::size_t slash = resource_name.rfind('/');
  return std::string(slash == absl::string_view::npos ? resource_name : resource_name.substr(slash + 1));
}

std::string Segment(absl::string_view resource_name, absl::string_view collection) {
  const std::vector<absl::string_view> parts = absl::StrSplit(resource_name, '/');
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) {
    if (parts[i] == collection) return std::string(parts[i + 1]);
  }
  return "";
}

std::string EnumWord(absl::string_view enumerator, absl::string_view prefix) {
  std::string result;
  for (absl::string_view word :
       absl::StrSplit(absl::StripPrefix(enumerator, prefix), '_', absl::SkipEmpty())) {
    absl::StrAppend(&result, word.substr(0, 1), absl::AsciiStrToLower(word.substr(1)));
  }
  return result;
}

}  // namespace evenkeel::cli
