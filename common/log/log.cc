#include "common/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace evenkeel::log {
namespace {

struct Logger {
  std::shared_ptr<spdlog::logger> spdlog;
  Format format;
};

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarn:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

std::string ToJson(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::json ToJsonValue(const Value& value) {
  return std::visit(
      [](const auto& held) -> nlohmann::json {
        using Type = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Type, absl::string_view>) {
          return std::string(held);
        } else if constexpr (std::is_same_v<Type, absl::Duration>) {
          return absl::FormatDuration(held);
        } else if constexpr (std::is_same_v<Type, absl::Status>) {
          // Without the payloads that ToString prints: they are for programs.
          return held.ok() ? "OK" : absl::StrCat(absl::StatusCodeToString(held.code()), ": ", held.message());
        } else {
          return held;
        }
      },
      value.held());
}

// Bare words stay bare; everything else is quoted and escaped as in JSON, so that the line can be split
// again.
std::string ToText(const Value& value) {
  const nlohmann::json json = ToJsonValue(value);
  if (!json.is_string()) return ToJson(json);
  const auto& text = json.get_ref<const std::string&>();
  const auto plain = [](unsigned char c) { return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\'; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  return ToJson(json);
}

std::string Escaped(absl::string_view text) {
  const std::string quoted = ToJson(std::string(text));
  return quoted.substr(1, quoted.size() - 2);
}

Logger MakeLogger(const Options& options) {
  spdlog::sink_ptr sink;
  if (options.output != nullptr) {
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*options.output, /*force_flush=*/true);
  } else {
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }
  auto logger = std::make_shared<spdlog::logger>("evenkeel", std::move(sink));
  logger->set_level(ToSpdlog(options.level));
  logger->flush_on(spdlog::level::trace);
  std::string pattern = "%Y-%m-%dT%H:%M:%S.%eZ %-7l %v";
  if (options.format == Format::kJson) {
    const std::string program =
        options.program.empty()
            ? ""
            : absl::StrCat("\"program\":", absl::StrReplaceAll(ToJson(options.program), {{"%", "%%"}}), ",");
    pattern = absl::StrCat(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",)", program, "%v}");
  }
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
  return Logger{.spdlog = std::move(logger), .format = options.format};
}

Logger& Global() {
  // Never destroyed: threads may still log while the process exits.
  static auto* const logger = new Logger(MakeLogger({}));
  return *logger;
}

}  // namespace

absl::StatusOr<Level> ParseLevel(absl::string_view text) {
  if (text == "debug") return Level::kDebug;
  if (text == "info") return Level::kInfo;
  if (text == "warn") return Level::kWarn;
  if (text == "error") return Level::kError;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not one of debug, info, warn, error"));
}

absl::StatusOr<Format> ParseFormat(absl::string_view text) {
  if (text == "text") return Format::kText;
  if (text == "json") return Format::kJson;
  return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" is not one of text, json"));
}

void Init(const Options& options) {
  Global() = MakeLogger(options);
}

bool Enabled(Level level) {
  return Global().spdlog->should_log(ToSpdlog(level));
}

void Write(Level level, absl::string_view message, std::initializer_list<Field> fields) {
  if (!Enabled(level)) return;
  const Logger& logger = Global();
  std::string line;
  if (logger.format == Format::kJson) {
    line = absl::StrCat("\"message\":", ToJson(std::string(message)));
    for (const Field& field : fields) {
      absl::StrAppend(&line, ",", ToJson(std::string(field.key)), ":", ToJson(ToJsonValue(field.value)));
    }
  } else {
    line = Escaped(message);
    for (const Field& field : fields) absl::StrAppend(&line, " ", field.key, "=", ToText(field.value));
  }
  logger.spdlog->log(ToSpdlog(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace evenkeel::log
