#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace evenkeel::cli {

// What the command sees of the machine it runs on. main() passes the real one, tests one of their own.
struct Host {
  std::istream* in;
  std::ostream* out;
  std::ostream* err;
  // Whether a person reads along: only then is there colour.
  bool out_is_terminal = false;
  // The value of an environment variable; nothing when it is not set or empty.
  std::function<std::optional<std::string>(const std::string&)> environment;
  // The wall clock, for ages.
  std::function<absl::Time()> now;
  std::function<void(absl::Duration)> sleep;
};

// Whether what was printed can be overwritten.
inline bool MovesCursor(const Host& host) {
  return host.out_is_terminal && host.environment("TERM").value_or("dumb") != "dumb";
}

// Colour is for terminals only, and not where NO_COLOR (https://no-color.org) or TERM=dumb says so.
inline bool UsesColour(const Host& host) {
  return MovesCursor(host) && !host.environment("NO_COLOR");
}

}  // namespace evenkeel::cli
