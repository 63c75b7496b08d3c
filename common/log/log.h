#pragma once

#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <type_traits>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

// Structured logs: one line an event, a constant message and key/value fields.
//
//   log::Info("session opened", {{"cluster", cluster}, {"node", node}, {"took", took}});
//
// Lines go to stderr, whole and in order, and are flushed at once. Any thread may log, before Init too (then:
// text, info). Values that are not UTF-8 are shown with U+FFFD in place of the bad bytes; control characters
// are escaped, so no value can forge a line.
namespace evenkeel::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };
enum class Format : std::uint8_t { kText, kJson };

// "debug", "info", "warn", "error"; "text", "json". Otherwise INVALID_ARGUMENT that names what is allowed.
absl::StatusOr<Level> ParseLevel(absl::string_view text);
absl::StatusOr<Format> ParseFormat(absl::string_view text);

struct Options {
  Level level = Level::kInfo;
  Format format = Format::kText;
  std::string program;             // appears in each JSON line as "program"; empty leaves it out
  std::ostream* output = nullptr;  // nullptr is stderr; otherwise it must outlive the last line (tests)
};

// Sets up the process's logger, again if it was set up before. Not while other threads log.
void Init(const Options& options);

bool Enabled(Level level);

// One value: text, number, boolean, duration (shown as "1.5s") or status (shown as "NOT_FOUND: ...").
// It only points at text: it must not outlive the statement it was made in.
class Value {
 public:
  Value(absl::string_view text) : value_(text) {}               // NOLINT(google-explicit-constructor)
  Value(const char* text) : value_(absl::string_view(text)) {}  // NOLINT(google-explicit-constructor)
  Value(const std::string& text)                                // NOLINT(google-explicit-constructor)
      : value_(absl::string_view(text)) {}
  Value(bool flag) : value_(flag) {}                     // NOLINT(google-explicit-constructor)
  Value(double number) : value_(number) {}               // NOLINT(google-explicit-constructor)
  Value(absl::Duration duration) : value_(duration) {}   // NOLINT(google-explicit-constructor)
  Value(const absl::Status& status) : value_(status) {}  // NOLINT(google-explicit-constructor)
  template <typename T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Value(T number)
      : value_(Widen(number)) {}  // NOLINT(google-explicit-constructor)

  using Held = std::variant<absl::string_view, bool, double, std::int64_t, std::uint64_t, absl::Duration,
                            absl::Status>;
  const Held& held() const { return value_; }

 private:
  template <typename T>
  static Held Widen(T number) {
    if constexpr (std::is_signed_v<T>) {
      return static_cast<std::int64_t>(number);
    } else {
      return static_cast<std::uint64_t>(number);
    }
  }

  Held value_;
};

// Keys are snake_case and constant; "time", "level", "program" and "message" are taken.
struct Field {
  absl::string_view key;
  Value value;
};

void Write(Level level, absl::string_view message, std::initializer_list<Field> fields);

inline void Debug(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kDebug, message, fields);
}
inline void Info(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kInfo, message, fields);
}
inline void Warn(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kWarn, message, fields);
}
inline void Error(absl::string_view message, std::initializer_list<Field> fields = {}) {
  Write(Level::kError, message, fields);
}

}  // namespace evenkeel::log
