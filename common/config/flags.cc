#include "common/config/flags.h"

#include <algorithm>
#include <iostream>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace evenkeel::config {
namespace {

[[noreturn]] void Refuse(const std::string& option, const std::string& problem) {
  throw CLI::ValidationError(absl::StrCat(option, " (or ", EnvironmentName(option), ")"), problem);
}

// An option whose text `take` checks and stores.
CLI::Option* Add(CLI::App& app, const std::string& option, const std::string& type,
                 const std::string& shown_default, const std::string& help,
                 const std::function<void(const std::string&)>& take) {
  CLI::Option* const added = app.add_option_function<std::string>(option, take, help);
  added->envname(EnvironmentName(option))->type_name(type);
  if (!shown_default.empty()) added->default_str(shown_default);
  return added;
}

}  // namespace

std::string EnvironmentName(const std::string& option) {
  const absl::string_view name = absl::StripPrefix(option, "--");
  return absl::StrCat("EVENKEEL_", absl::AsciiStrToUpper(absl::StrReplaceAll(name, {{"-", "_"}})));
}

CLI::Option* AddText(CLI::App& app, const std::string& option, std::string& target, const std::string& help,
                     bool required) {
  return Add(app, option, "TEXT", target, help, [&target](const std::string& text) { target = text; })
      ->required(required && target.empty());
}

CLI::Option* AddTexts(CLI::App& app, const std::string& option, std::vector<std::string>& target,
                      const std::string& help) {
  const auto take = [option, &target](const std::vector<std::string>& texts) {
    std::vector<std::string> items;
    for (const std::string& text : texts) {
      for (const absl::string_view item : absl::StrSplit(text, ',')) {
        if (absl::StripAsciiWhitespace(item).empty()) Refuse(option, "must not hold an empty item");
        items.emplace_back(absl::StripAsciiWhitespace(item));
      }
    }
    target = std::move(items);
  };
  CLI::Option* const added = app.add_option_function<std::vector<std::string>>(option, take, help);
  added->envname(EnvironmentName(option))->type_name("TEXT,...");
  if (!target.empty()) added->default_str(absl::StrJoin(target, ","));
  return added;
}

CLI::Option* AddChoice(CLI::App& app, const std::string& option, std::string& target,
                       const std::vector<std::string>& allowed, const std::string& help) {
  return Add(app, option, absl::StrJoin(allowed, "|"), target, help, [=, &target](const std::string& text) {
    if (std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
      Refuse(option, absl::StrCat("\"", text, "\" is not one of ", absl::StrJoin(allowed, ", ")));
    }
    target = text;
  });
}

CLI::Option* AddSwitch(CLI::App& app, const std::string& option, bool& target, const std::string& help) {
  return app.add_flag(option, target, help)->envname(EnvironmentName(option));
}

CLI::Option* AddNumber(CLI::App& app, const std::string& option, std::int64_t& target, std::int64_t minimum,
                       std::int64_t maximum, const std::string& help) {
  return Add(app, option, "NUMBER", absl::StrCat(target), help, [=, &target](const std::string& text) {
    std::int64_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || number < minimum || number > maximum) {
      Refuse(option, absl::StrCat("\"", text, "\" is not a whole number from ", minimum, " to ", maximum));
    }
    target = number;
  });
}

CLI::Option* AddDuration(CLI::App& app, const std::string& option, absl::Duration& target,
                         absl::Duration minimum, absl::Duration maximum, const std::string& help) {
  return Add(app, option, "DURATION", absl::FormatDuration(target), help,
             [=, &target](const std::string& text) {
               absl::Duration duration;
               if (!absl::ParseDuration(text, &duration)) {
                 Refuse(option, absl::StrCat("\"", text, "\" is not a duration like 200ms or 1m30s"));
               }
               if (duration < minimum || duration > maximum) {
                 Refuse(option, absl::StrCat(text, " is not within ", absl::FormatDuration(minimum), " and ",
                                             absl::FormatDuration(maximum)));
               }
               target = duration;
             });
}

void AddLogOptions(CLI::App& app, log::Options& target) {
  Add(app, "--log-level", "debug|info|warn|error", "info", "Lines below this level are not written",
      [&target](const std::string& text) {
        const auto level = log::ParseLevel(text);
        if (!level.ok()) Refuse("--log-level", std::string(level.status().message()));
        target.level = *level;
      });
  Add(app, "--log-format", "text|json", target.format == log::Format::kJson ? "json" : "text",
      "How lines are written to stderr", [&target](const std::string& text) {
        const auto format = log::ParseFormat(text);
        if (!format.ok()) Refuse("--log-format", std::string(format.status().message()));
        target.format = *format;
      });
}

std::optional<int> Parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    // Prints help or version to stdout, and errors to stderr.
    const bool mistake = app.exit(error, std::cout, std::cerr) != 0;
    return mistake ? 2 : 0;
  }
}

absl::Status InvalidOption(const std::string& option, const std::string& problem) {
  return base::InvalidField(absl::StrCat(option, " (or ", EnvironmentName(option), ")"), problem);
}

}  // namespace evenkeel::config
