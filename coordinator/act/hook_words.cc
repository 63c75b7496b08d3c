#include "coordinator/act/hook_words.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace evenkeel::coordinator {

std::string WithHookWords(std::string head, absl::string_view said) {
  std::string line(absl::StripAsciiWhitespace(said.substr(0, kLongestHookWords)));
  for (char& c : line) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = ' ';
  }
  return line.empty() ? head : absl::StrCat(head, ": ", line);
}

}  // namespace evenkeel::coordinator
