#include "coordinator/observe/selector.h"

#include <algorithm>
#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace evenkeel::coordinator {
namespace {

constexpr size_t kMostSelectorBytes = size_t{64} << 10;
constexpr size_t kMostInName = 63;     // of a key without its prefix, and of a value
constexpr size_t kMostInPrefix = 253;  // of a key

// Letters, digits, and within also "-", "_" and ".".
bool IsName(absl::string_view text) {
  if (text.empty() || text.size() > kMostInName) return false;
  if (!absl::ascii_isalnum(text.front()) || !absl::ascii_isalnum(text.back())) return false;
  return std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

bool IsDomain(absl::string_view text) {
  if (text.empty() || text.size() > kMostInPrefix) return false;
  while (true) {
    const size_t dot = text.find('.');
    const absl::string_view part = text.substr(0, dot);
    const bool ok = !part.empty() && part.front() != '-' && part.back() != '-' &&
                    std::all_of(part.begin(), part.end(), [](unsigned char c) {
                      return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '-';
                    });
    if (!ok) return false;
    if (dot == absl::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool IsKey(absl::string_view text) {
  const size_t slash = text.find('/');
  if (slash == absl::string_view::npos) return IsName(text);
  return IsDomain(text.substr(0, slash)) && IsName(text.substr(slash + 1));
}

// For people; it may be anything, and of any length.
std::string Quoted(absl::string_view text) {
  constexpr size_t kMost = 100;
  return absl::StrCat("\"", absl::CHexEscape(text.substr(0, kMost)), text.size() > kMost ? "..." : "", "\"");
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool IsSpecial(char c) {
  return absl::string_view("=!(),><").find(c) != absl::string_view::npos;
}

enum class Token { kEnd, kWord, kIn, kNotIn, kOpen, kClose, kComma, kNot, kEqual, kUnequal, kGreater, kLess };

struct Lexeme {
  Token token = Token::kEnd;
  absl::string_view text;
};

// Cuts the next lexeme off `rest`.
Lexeme Take(absl::string_view& rest) {
  while (!rest.empty() && IsSpace(rest.front())) rest.remove_prefix(1);
  if (rest.empty()) return {};
  const auto cut = [&rest](Token token, size_t size) {
    const Lexeme lexeme = {token, rest.substr(0, size)};
    rest.remove_prefix(size);
    return lexeme;
  };
  const bool equals_next = rest.size() > 1 && rest[1] == '=';
  switch (rest.front()) {
    case '(':
      return cut(Token::kOpen, 1);
    case ')':
      return cut(Token::kClose, 1);
    case ',':
      return cut(Token::kComma, 1);
    case '>':
      return cut(Token::kGreater, 1);
    case '<':
      return cut(Token::kLess, 1);
    case '=':
      return cut(Token::kEqual, equals_next ? 2 : 1);
    case '!':
      return cut(equals_next ? Token::kUnequal : Token::kNot, equals_next ? 2 : 1);
    default:
      break;
  }
  const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return IsSpace(c) || IsSpecial(c); });
  const Lexeme word = cut(Token::kWord, static_cast<size_t>(end - rest.begin()));
  if (word.text == "in") return {Token::kIn, word.text};
  if (word.text == "notin") return {Token::kNotIn, word.text};
  return word;
}

}  // namespace

// One pass over the text. "in" and "notin" are words but where an operator stands.
class SelectorParser {
 public:
  explicit SelectorParser(absl::string_view text) : rest_(text) {}

  absl::StatusOr<std::vector<Selector::Requirement>> Parse();

 private:
  using Operator = Selector::Operator;

  Token Peek() const {
    absl::string_view rest = rest_;
    const Token token = Take(rest).token;
    return token == Token::kIn || token == Token::kNotIn ? Token::kWord : token;
  }
  Lexeme Next() {
    Lexeme lexeme = Take(rest_);
    if (lexeme.token == Token::kIn || lexeme.token == Token::kNotIn) lexeme.token = Token::kWord;
    return lexeme;
  }
  static absl::Status Unexpected(const Lexeme& found, absl::string_view expected) {
    return absl::InvalidArgumentError(
        absl::StrCat(found.token == Token::kEnd ? "it ends" : absl::StrCat("there is ", Quoted(found.text)),
                     " where ", expected, " is expected"));
  }

  absl::StatusOr<Selector::Requirement> TakeRequirement();
  absl::StatusOr<std::vector<std::string>> TakeList();
  absl::StatusOr<std::string> TakeValue();

  absl::string_view rest_;
};

absl::StatusOr<std::vector<Selector::Requirement>> SelectorParser::Parse() {
  std::vector<Selector::Requirement> requirements;
  if (Peek() == Token::kEnd) return requirements;
  while (true) {
    EVENKEEL_ASSIGN_OR_RETURN(Selector::Requirement requirement, TakeRequirement());
    requirements.push_back(std::move(requirement));
    const Lexeme next = Next();
    if (next.token == Token::kEnd) return requirements;
    if (next.token != Token::kComma) return Unexpected(next, "a comma");
  }
}

absl::StatusOr<Selector::Requirement> SelectorParser::TakeRequirement() {
  Selector::Requirement requirement;
  const bool absent = Peek() == Token::kNot;
  if (absent) Next();
  const Lexeme key = Next();
  if (key.token != Token::kWord) return Unexpected(key, "a label");
  if (!IsKey(key.text)) {
    return absl::InvalidArgumentError(absl::StrCat(Quoted(key.text), " is no name of a label"));
  }
  requirement.key = std::string(key.text);
  if (absent || Peek() == Token::kEnd || Peek() == Token::kComma) {
    requirement.op = absent ? Operator::kNotExists : Operator::kExists;
    return requirement;
  }
  const Lexeme op = Take(rest_);
  switch (op.token) {
    case Token::kIn:
    case Token::kNotIn: {
      EVENKEEL_ASSIGN_OR_RETURN(requirement.values, TakeList());
      requirement.op = op.token == Token::kIn ? Operator::kIn : Operator::kNotIn;
      break;
    }
    case Token::kEqual:
    case Token::kUnequal: {
      EVENKEEL_ASSIGN_OR_RETURN(std::string value, TakeValue());
      requirement.values.push_back(std::move(value));
      requirement.op = op.token == Token::kEqual ? Operator::kIn : Operator::kNotIn;
      break;
    }
    case Token::kGreater:
    case Token::kLess: {
      EVENKEEL_ASSIGN_OR_RETURN(const std::string value, TakeValue());
      if (!IsName(value) || !absl::SimpleAtoi(value, &requirement.bound)) {
        return absl::InvalidArgumentError(absl::StrCat(Quoted(value), " is no whole number"));
      }
      requirement.op = op.token == Token::kGreater ? Operator::kGreater : Operator::kLess;
      return requirement;
    }
    default:
      return Unexpected(op, "an operator");
  }
  for (const std::string& value : requirement.values) {
    if (!value.empty() && !IsName(value)) {
      return absl::InvalidArgumentError(absl::StrCat(Quoted(value), " is no value of a label"));
    }
  }
  return requirement;
}

// "(a,b)"; where a value is missing it is the empty one.
absl::StatusOr<std::vector<std::string>> SelectorParser::TakeList() {
  if (const Lexeme open = Next(); open.token != Token::kOpen) return Unexpected(open, "\"(\"");
  std::vector<std::string> values;
  if (Peek() == Token::kClose) return absl::InvalidArgumentError("a set of values is empty");
  while (true) {
    const bool given = Peek() == Token::kWord;
    values.emplace_back(given ? Next().text : absl::string_view());
    const Lexeme next = Next();
    if (next.token == Token::kClose) break;
    if (next.token != Token::kComma) return Unexpected(next, "a comma or \")\"");
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

absl::StatusOr<std::string> SelectorParser::TakeValue() {
  if (Peek() == Token::kEnd || Peek() == Token::kComma) return std::string();
  const Lexeme value = Next();
  if (value.token != Token::kWord) return Unexpected(value, "a value");
  return std::string(value.text);
}

absl::StatusOr<Selector> Selector::Parse(absl::string_view text) {
  if (text.size() > kMostSelectorBytes) return absl::InvalidArgumentError("it is longer than 64 KiB");
  Selector selector;
  EVENKEEL_ASSIGN_OR_RETURN(selector.requirements_, SelectorParser(text).Parse());
  for (const Requirement& requirement : selector.requirements_) {
    if (requirement.op != Operator::kIn || requirement.values.size() != 1) continue;
    selector.anchor_ = {requirement.key, requirement.values.front()};
    break;
  }
  return selector;
}

bool Selector::Matches(const std::map<std::string, std::string>& labels) const {
  return !requirements_.empty() &&
         std::all_of(requirements_.begin(), requirements_.end(),
                     [&labels](const Requirement& requirement) { return Holds(requirement, labels); });
}

bool Selector::Holds(const Requirement& requirement, const std::map<std::string, std::string>& labels) {
  const auto label = labels.find(requirement.key);
  const bool there = label != labels.end();
  const auto among = [&] {
    return std::binary_search(requirement.values.begin(), requirement.values.end(), label->second);
  };
  int64_t number = 0;
  switch (requirement.op) {
    case Operator::kIn:
      return there && among();
    case Operator::kNotIn:
      return !there || !among();
    case Operator::kExists:
      return there;
    case Operator::kNotExists:
      return !there;
    case Operator::kGreater:
      return there && absl::SimpleAtoi(label->second, &number) && number > requirement.bound;
    case Operator::kLess:
      return there && absl::SimpleAtoi(label->second, &number) && number < requirement.bound;
  }
  return false;
}

}  // namespace evenkeel::coordinator
