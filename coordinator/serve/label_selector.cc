#include "coordinator/serve/label_selector.h"

#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kLongestSelector = 4096;
constexpr size_t kMostRequirements = 64;
// A label's key is "PREFIX/NAME" with at most 253 and 63 characters, its value has at most 63.
constexpr size_t kLongestKey = 317;
constexpr size_t kLongestValue = 63;

bool IsWordCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.' || c == '/';
}

// Reads a selector from left to right. Each Take returns what it read and moves past it and the blanks after
// it.
class Reader {
 public:
  explicit Reader(absl::string_view text) : rest_(text) { SkipBlanks(); }

  bool AtEnd() const { return rest_.empty(); }
  absl::string_view rest() const { return rest_; }

  bool Take(absl::string_view token) {
    if (!absl::StartsWith(rest_, token)) return false;
    rest_.remove_prefix(token.size());
    SkipBlanks();
    return true;
  }

  // Takes `word` only where it is the whole word.
  bool TakeKeyword(absl::string_view word) {
    if (rest_.size() > word.size() && IsWordCharacter(rest_[word.size()])) return false;
    return Take(word);
  }

  // Letters, digits, "-", "_", "." and "/"; empty when there are none.
  std::string TakeWord() {
    size_t length = 0;
    while (length < rest_.size() && IsWordCharacter(rest_[length])) ++length;
    std::string word(rest_.substr(0, length));
    rest_.remove_prefix(length);
    SkipBlanks();
    return word;
  }

 private:
  void SkipBlanks() { rest_ = absl::StripLeadingAsciiWhitespace(rest_); }

  absl::string_view rest_;
};

// A value, or what is wrong with it.
absl::StatusOr<std::string> TakeValue(Reader& reader) {
  std::string value = reader.TakeWord();
  if (value.size() > kLongestValue || absl::StrContains(value, '/')) {
    return absl::InvalidArgumentError(absl::StrCat("\"", value, "\" cannot be the value of a label"));
  }
  return value;
}

absl::StatusOr<std::set<std::string>> TakeOne(Reader& reader) {
  EVENKEEL_ASSIGN_OR_RETURN(std::string value, TakeValue(reader));
  return std::set<std::string>{std::move(value)};
}

// The values of "in (a, b)", after the word "in".
absl::StatusOr<std::set<std::string>> TakeSet(Reader& reader) {
  if (!reader.Take("(")) return absl::InvalidArgumentError("\"(\" is missing after \"in\" or \"notin\"");
  std::set<std::string> values;
  do {
    EVENKEEL_ASSIGN_OR_RETURN(std::string value, TakeValue(reader));
    values.insert(std::move(value));
  } while (reader.Take(","));
  if (!reader.Take(")")) return absl::InvalidArgumentError("\")\" is missing after a list of values");
  return values;
}

absl::StatusOr<std::string> TakeKey(Reader& reader) {
  std::string key = reader.TakeWord();
  if (key.empty()) {
    return absl::InvalidArgumentError(reader.AtEnd() ? std::string("a label's name is missing at the end")
                                                     : absl::StrCat("a label's name is missing before \"",
                                                                    reader.rest().substr(0, 16), "\""));
  }
  if (key.size() > kLongestKey) return absl::InvalidArgumentError("a label's name is too long");
  return key;
}

}  // namespace

absl::StatusOr<LabelSelector> LabelSelector::Parse(absl::string_view field, absl::string_view text) {
  const auto refuse = [field](absl::string_view problem) {
    return base::InvalidField(
        field, absl::StrCat(problem, "; a selector reads like \"app=web,tier!=db,zone in (a,b),gpu,!spot\""));
  };
  if (text.size() > kLongestSelector) return refuse("is longer than 4096 characters");
  LabelSelector selector;
  Reader reader(text);
  if (reader.AtEnd()) return selector;
  do {
    if (selector.requirements_.size() == kMostRequirements) return refuse("has more than 64 requirements");
    const bool negated = reader.Take("!");
    absl::StatusOr<std::string> key = TakeKey(reader);
    if (!key.ok()) return refuse(key.status().message());
    Operator op = negated ? Operator::kDoesNotExist : Operator::kExists;
    absl::StatusOr<std::set<std::string>> values = std::set<std::string>();
    if (!negated && (reader.Take("==") || reader.Take("="))) {
      op = Operator::kIn;
      values = TakeOne(reader);
    } else if (!negated && reader.Take("!=")) {
      op = Operator::kNotIn;
      values = TakeOne(reader);
    } else if (!negated && (reader.TakeKeyword("in"))) {
      op = Operator::kIn;
      values = TakeSet(reader);
    } else if (!negated && reader.TakeKeyword("notin")) {
      op = Operator::kNotIn;
      values = TakeSet(reader);
    }
    if (!values.ok()) return refuse(values.status().message());
    selector.requirements_.push_back({.key = *std::move(key), .op = op, .values = *std::move(values)});
  } while (reader.Take(","));
  if (!reader.AtEnd())
    return refuse(absl::StrCat("cannot be read from \"", reader.rest().substr(0, 16), "\" on"));
  return selector;
}

bool LabelSelector::Matches(const std::map<std::string, std::string>& labels) const {
  for (const Requirement& requirement : requirements_) {
    const auto label = labels.find(requirement.key);
    const bool there = label != labels.end();
    switch (requirement.op) {
      case Operator::kExists:
        if (!there) return false;
        break;
      case Operator::kDoesNotExist:
        if (there) return false;
        break;
      case Operator::kIn:
        if (!there || !requirement.values.contains(label->second)) return false;
        break;
      case Operator::kNotIn:
        if (there && requirement.values.contains(label->second)) return false;
        break;
    }
  }
  return true;
}

}  // namespace evenkeel::coordinator
