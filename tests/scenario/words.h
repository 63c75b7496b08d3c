// A command's words after its name: "key=value" and others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"

namespace evenkeel::scenario {

struct Words {
  std::vector<std::string> plain;
  std::map<std::string, std::string> named;

  std::string Get(const std::string& key, const std::string& otherwise) const {
    const auto found = named.find(key);
    return found == named.end() ? otherwise : found->second;
  }
  bool Is(const std::string& key) const { return Get(key, "no") == "yes"; }
  uint32_t Number(const std::string& key, uint32_t otherwise) const {
    uint32_t number = otherwise;
    return absl::SimpleAtoi(Get(key, ""), &number) ? number : otherwise;
  }
  absl::Duration Span(const std::string& key, absl::Duration otherwise) const {
    absl::Duration span = otherwise;
    return absl::ParseDuration(Get(key, ""), &span) ? span : otherwise;
  }
  std::string First() const { return At(0); }
  // Empty: it has not as many.
  std::string At(size_t place) const { return place < plain.size() ? plain[place] : ""; }
};

// The first one is the command's name.
inline Words Parse(const std::vector<std::string>& words) {
  Words parsed;
  for (size_t i = 1; i < words.size(); ++i) {
    const std::vector<std::string> pair = absl::StrSplit(words[i], absl::MaxSplits('=', 1));
    if (pair.size() == 2) {
      parsed.named[pair[0]] = pair[1];
    } else {
      parsed.plain.push_back(words[i]);
    }
  }
  return parsed;
}

}  // namespace evenkeel::scenario
