#include "cli/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"

namespace evenkeel::cli {
namespace {

// One setting: its key in a context, its environment variable, and where it goes.
struct Setting {
  const char* key;
  const char* variable;
  std::string Settings::*field;
  bool is_path;
};

constexpr std::array<Setting, 8> kSettings{{
    {"server", "EVENKEEL_SERVER", &Settings::server, false},
    {"server-name", "EVENKEEL_SERVER_NAME", &Settings::server_name, false},
    {"ca-file", "EVENKEEL_CA_FILE", &Settings::ca_file, true},
    {"token-file", "EVENKEEL_TOKEN_FILE", &Settings::token_file, true},
    {"client-certificate", "EVENKEEL_CLIENT_CERTIFICATE", &Settings::client_certificate, true},
    {"client-key", "EVENKEEL_CLIENT_KEY", &Settings::client_key, true},
    {"cluster", "EVENKEEL_CLUSTER", &Settings::cluster, false},
    {"namespace", "EVENKEEL_NAMESPACE", &Settings::namespace_name, false},
}};

struct File {
  std::string path;
  bool must_exist = false;
};

File ConfigFile(const Host& host) {
  if (const auto path = host.environment("EVENKEEL_CONFIG")) return {*path, true};
  if (const auto folder = host.environment("XDG_CONFIG_HOME")) return {*folder + "/evenkeel/config.yaml"};
  if (const auto home = host.environment("HOME")) return {*home + "/.config/evenkeel/config.yaml"};
  return {};
}

absl::Status Wrong(const std::string& path, const YAML::Mark& mark, absl::string_view problem) {
  const std::string where = mark.is_null() ? path : absl::StrCat(path, ":", mark.line + 1);
  return absl::InvalidArgumentError(absl::StrCat(where, ": ", problem));
}

std::string Resolve(const Host& host, const std::string& config_path, const std::string& path) {
  if (absl::StartsWith(path, "~/")) return host.environment("HOME").value_or("~") + path.substr(1);
  return (std::filesystem::path(config_path).parent_path() / path).string();
}

// Reads one context of the file into the settings.
absl::StatusOr<Settings> ReadContext(const Host& host, const std::string& path, const YAML::Node& context) {
  Settings settings;
  for (const auto& entry : context) {
    const auto key = entry.first.as<std::string>();
    if (!entry.second.IsScalar()) {
      return Wrong(path, entry.second.Mark(), absl::StrCat(key, ": must be one value"));
    }
    if (key == "name") continue;
    const auto* setting = std::find_if(kSettings.begin(), kSettings.end(),
                                       [&](const Setting& each) { return key == each.key; });
    if (setting == kSettings.end()) {
      return Wrong(path, entry.first.Mark(),
                   absl::StrCat("unknown key \"", key, "\"; there are: name, ",
                                absl::StrJoin(kSettings, ", ", [](std::string* out, const Setting& each) {
                                  absl::StrAppend(out, each.key);
                                })));
    }
    const auto value = entry.second.as<std::string>();
    settings.*setting->field = setting->is_path ? Resolve(host, path, value) : value;
  }
  return settings;
}

// The context called `wanted`, or the file's own choice when that is empty; nothing when it makes none.
absl::StatusOr<std::optional<Settings>> FindContext(const Host& host, const std::string& path,
                                                    const YAML::Node& root, std::string wanted) {
  if (root.IsNull()) return std::nullopt;
  if (!root.IsMap())
    return Wrong(path, root.Mark(), "must be a map with the keys current-context and contexts");
  for (const auto& entry : root) {
    const auto key = entry.first.as<std::string>();
    if (key != "current-context" && key != "contexts") {
      return Wrong(path, entry.first.Mark(),
                   absl::StrCat("unknown key \"", key, "\"; there are: current-context, contexts"));
    }
  }
  if (const YAML::Node current = root["current-context"]; wanted.empty() && current && current.IsScalar()) {
    wanted = current.as<std::string>();
  }
  if (wanted.empty()) return std::nullopt;
  const YAML::Node contexts = root["contexts"];
  if (contexts && !contexts.IsSequence()) return Wrong(path, contexts.Mark(), "contexts: must be a list");
  std::vector<std::string> names;
  for (const YAML::Node& context : contexts) {
    if (!context.IsMap() || !context["name"] || !context["name"].IsScalar()) {
      return Wrong(path, context.Mark(), "contexts: each must be a map with a name");
    }
    names.push_back(context["name"].as<std::string>());
    if (names.back() == wanted) return ReadContext(host, path, context);
  }
  return absl::NotFoundError(absl::StrCat(path, ": there is no context \"", wanted, "\"; there are: ",
                                          names.empty() ? "none" : absl::StrJoin(names, ", ")));
}

absl::StatusOr<std::optional<Settings>> LoadContext(const Host& host, const std::string& flag) {
  const std::string wanted = !flag.empty() ? flag : host.environment("EVENKEEL_CONTEXT").value_or("");
  const File file = ConfigFile(host);
  std::ifstream stream(file.path);
  if (file.path.empty() || !stream) {
    if (!file.must_exist && wanted.empty()) return std::nullopt;
    return absl::NotFoundError(
        absl::StrCat("the config file ", file.path.empty() ? "~/.config/evenkeel/config.yaml" : file.path,
                     " cannot be read",
                     wanted.empty() ? "" : absl::StrCat(", and context \"", wanted, "\" was asked for")));
  }
  std::stringstream text;
  text << stream.rdbuf();
  try {
    return FindContext(host, file.path, YAML::Load(text.str()), wanted);
  } catch (const YAML::Exception& error) {
    return Wrong(file.path, error.mark, error.msg);
  }
}

}  // namespace

absl::StatusOr<Settings> LoadSettings(const Host& host, const std::string& context, const Settings& flags) {
  EVENKEEL_ASSIGN_OR_RETURN(const std::optional<Settings> from_context, LoadContext(host, context));
  Settings settings = from_context.value_or(Settings{});
  // An identity is taken whole from one place: a token file given now is not joined to a context's
  // certificate.
  const auto has_identity = [](const Settings& some) {
    return !some.token_file.empty() || !some.client_certificate.empty();
  };
  Settings environment;
  for (const Setting& setting : kSettings) {
    environment.*setting.field = host.environment(setting.variable).value_or("");
  }
  for (const Settings* source : std::array<const Settings*, 2>{&environment, &flags}) {
    if (has_identity(*source)) settings.token_file = settings.client_certificate = settings.client_key = "";
    for (const Setting& setting : kSettings) {
      if (!(source->*setting.field).empty()) settings.*setting.field = source->*setting.field;
    }
  }
  settings.request_timeout = flags.request_timeout;
  if (settings.namespace_name.empty()) settings.namespace_name = "default";
  if (settings.client_certificate.empty() != settings.client_key.empty()) {
    return absl::InvalidArgumentError(
        "a client certificate and its key go together, and one of them is missing");
  }
  return settings;
}

}  // namespace evenkeel::cli
