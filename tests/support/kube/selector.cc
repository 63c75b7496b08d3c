#include "tests/support/kube/selector.h"

#include <optional>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/kube/json.h"

namespace evenkeel::testing {
namespace {

std::optional<std::string> Label(const kube::Json& object, absl::string_view key) {
  const kube::Json* const value = kube::Find(object, {"metadata", "labels", key});
  return value != nullptr && value->is_string() ? std::optional(value->get<std::string>()) : std::nullopt;
}

// An absent field counts as empty, as the API server has it.
std::optional<std::string> Field(const kube::Json& object, absl::string_view path) {
  const kube::Json* value = &object;
  for (const absl::string_view key : absl::StrSplit(path, '.')) {
    value = value == nullptr ? nullptr : kube::Find(*value, {key});
  }
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

template <typename Lookup>
bool MatchesAll(const kube::Json& object, absl::string_view selector, Lookup lookup) {
  EVENKEEL_CHECK(selector.find('(') == absl::string_view::npos) << "the fake knows no set-based selectors";
  for (absl::string_view term : absl::StrSplit(selector, ',', absl::SkipEmpty())) {
    const std::size_t equals = term.find('=');
    if (equals == absl::string_view::npos) {
      const bool absent = absl::ConsumePrefix(&term, "!");
      if (lookup(object, term).has_value() == absent) return false;
      continue;
    }
    absl::string_view key = term.substr(0, equals);
    absl::string_view wanted = term.substr(equals + 1);
    absl::ConsumePrefix(&wanted, "=");
    const bool unequal = absl::ConsumeSuffix(&key, "!");
    if ((lookup(object, key) == std::optional<std::string>(wanted)) == unequal) return false;
  }
  return true;
}

}  // namespace

bool Matches(const kube::Json& object, absl::string_view label_selector, absl::string_view field_selector) {
  return MatchesAll(object, label_selector, Label) && MatchesAll(object, field_selector, Field);
}

}  // namespace evenkeel::testing
