#include "coordinator/observe/quantity.h"

#include <cmath>
#include <cstddef>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"

namespace evenkeel::coordinator {
namespace {

struct Suffix {
  absl::string_view name;
  double factor;
};
constexpr double kKilo = 1000;
constexpr double kKibi = 1024;
constexpr Suffix kSuffixes[] = {
    {"", 1},
    {"n", 1 / (kKilo * kKilo * kKilo)},
    {"u", 1 / (kKilo * kKilo)},
    {"m", 1 / kKilo},
    {"k", kKilo},
    {"M", kKilo* kKilo},
    {"G", kKilo* kKilo* kKilo},
    {"T", kKilo* kKilo* kKilo* kKilo},
    {"P", kKilo* kKilo* kKilo* kKilo* kKilo},
    {"E", kKilo* kKilo* kKilo* kKilo* kKilo* kKilo},
    {"Ki", kKibi},
    {"Mi", kKibi* kKibi},
    {"Gi", kKibi* kKibi* kKibi},
    {"Ti", kKibi* kKibi* kKibi* kKibi},
    {"Pi", kKibi* kKibi* kKibi* kKibi* kKibi},
    {"Ei", kKibi* kKibi* kKibi* kKibi* kKibi* kKibi},
};

// Where the number ends and its suffix begins; an exponent ("1e3", "1E-2") belongs to the number.
size_t EndOfNumber(absl::string_view text) {
  size_t end = text.find_first_not_of("+-.0123456789");
  if (end == absl::string_view::npos) return text.size();
  const bool exponent = (text[end] == 'e' || text[end] == 'E') && end + 1 < text.size() &&
                        text.find_first_not_of("+-0123456789", end + 1) == absl::string_view::npos;
  return exponent ? text.size() : end;
}

std::optional<double> Parse(absl::string_view text) {
  const size_t end = EndOfNumber(text);
  double number = 0;
  if (end == 0 || !absl::SimpleAtod(text.substr(0, end), &number) || !std::isfinite(number))
    return std::nullopt;
  for (const Suffix& suffix : kSuffixes) {
    if (text.substr(end) == suffix.name) return number * suffix.factor;
  }
  return std::nullopt;
}

std::optional<int64_t> Rounded(std::optional<double> number) {
  // What lies this near to a whole number is an error of the arithmetic and not a part that was asked for.
  constexpr double kError = 1e-14;  // of the number: some fifty times what one operation errs by
  constexpr double kMost = 9e18;    // a little below the greatest int64
  if (!number || std::abs(*number) > kMost) return std::nullopt;
  const double nearest = std::round(*number);
  const bool whole = std::abs(*number - nearest) <= std::abs(*number) * kError;
  return static_cast<int64_t>(whole ? nearest : std::ceil(*number));
}

}  // namespace

std::optional<int64_t> ParseMilli(absl::string_view quantity) {
  const std::optional<double> number = Parse(quantity);
  return number ? Rounded(*number * kKilo) : std::nullopt;
}

std::optional<int64_t> ParseWhole(absl::string_view quantity) {
  return Rounded(Parse(quantity));
}

}  // namespace evenkeel::coordinator
