#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/log/log.h"

// What the programs' command lines have in common, on top of CLI11: each option has a name in the environment
// (--node-name is EVENKEEL_NODE_NAME; the command line wins), its default is shown by --help, and a bad value
// is refused by the option's name with what would be right. What `target` holds when the option is added is
// its default.
namespace evenkeel::config {

// "--node-name" -> "EVENKEEL_NODE_NAME".
std::string EnvironmentName(const std::string& option);

// Any text. `required`: refused when it is neither given nor has a default.
CLI::Option* AddText(CLI::App& app, const std::string& option, std::string& target, const std::string& help,
                     bool required = false);

// A comma-separated list, or the option given several times. Empty items are refused.
CLI::Option* AddTexts(CLI::App& app, const std::string& option, std::vector<std::string>& target,
                      const std::string& help);

// One of `allowed`.
CLI::Option* AddChoice(CLI::App& app, const std::string& option, std::string& target,
                       const std::vector<std::string>& allowed, const std::string& help);

// On or off: `--x` alone is on; in the environment true or false.
CLI::Option* AddSwitch(CLI::App& app, const std::string& option, bool& target, const std::string& help);

// A whole number within [minimum, maximum].
CLI::Option* AddNumber(CLI::App& app, const std::string& option, std::int64_t& target, std::int64_t minimum,
                       std::int64_t maximum, const std::string& help);

// A duration as "200ms", "1m30s" within [minimum, maximum].
CLI::Option* AddDuration(CLI::App& app, const std::string& option, absl::Duration& target,
                         absl::Duration minimum, absl::Duration maximum, const std::string& help);

// --log-level and --log-format.
void AddLogOptions(CLI::App& app, log::Options& target);

// Reads the command line and the environment. Nothing: go on. Otherwise end with this exit code: 0 after
// --help or --version (printed to stdout), 2 after a mistake (told on stderr).
std::optional<int> Parse(CLI::App& app, int argc, const char* const* argv);

// The values that other checks refuse are told in the same way: "--x: must ...".
absl::Status InvalidOption(const std::string& option, const std::string& problem);

}  // namespace evenkeel::config
