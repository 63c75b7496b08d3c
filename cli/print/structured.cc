#include "cli/print/structured.h"

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "cli/manifest.h"
#include "evenkeel/v1/policy.pb.h"

namespace evenkeel::cli {
namespace {

constexpr const char* kApiVersion = "evenkeel.dev/v1";

// Whether the text is text, unquoted, for every reader of YAML 1.1 and 1.2: it begins with a letter, holds
// nothing that has a meaning, and is none of the words for true, false and null. Numbers and times begin with
// a digit or a sign.
bool IsPlain(absl::string_view text) {
  if (text.empty() || !absl::ascii_isalpha(static_cast<unsigned char>(text.front()))) return false;
  const bool harmless = std::all_of(text.begin(), text.end(), [](unsigned char byte) {
    return absl::ascii_isalnum(byte) || byte == '-' || byte == '_' || byte == '.' || byte == '/' ||
           byte == ' ';
  });
  if (!harmless || text.back() == ' ') return false;
  static constexpr std::array<absl::string_view, 9> kWords{"true", "false", "null", "yes", "no",
                                                           "on",   "off",   "y",    "n"};
  return std::find(kWords.begin(), kWords.end(), absl::AsciiStrToLower(text)) == kWords.end();
}

void Emit(YAML::Emitter& emitter, const nlohmann::ordered_json& value) {
  switch (value.type()) {
    case nlohmann::ordered_json::value_t::object:
      emitter << YAML::BeginMap;
      for (const auto& [key, field] : value.items()) {
        emitter << YAML::Key;
        if (!IsPlain(key)) emitter << YAML::DoubleQuoted;
        emitter << key << YAML::Value;
        Emit(emitter, field);
      }
      emitter << YAML::EndMap;
      return;
    case nlohmann::ordered_json::value_t::array:
      emitter << YAML::BeginSeq;
      for (const auto& item : value) Emit(emitter, item);
      emitter << YAML::EndSeq;
      return;
    case nlohmann::ordered_json::value_t::string: {
      const auto& text = value.get_ref<const std::string&>();
      if (!IsPlain(text)) emitter << YAML::DoubleQuoted;
      emitter << text;
      return;
    }
    default:
      emitter << value.dump();
  }
}

}  // namespace

nlohmann::ordered_json ToObject(const google::protobuf::Message& resource) {
  if (const auto* policy = dynamic_cast<const v1::Policy*>(&resource)) return ToManifest(*policy);
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(resource, &json);
  if (!status.ok()) return {{"error", std::string(status.message())}};
  return nlohmann::ordered_json::parse(json);
}

nlohmann::ordered_json ToList(std::vector<nlohmann::ordered_json> items) {
  return {{"apiVersion", kApiVersion}, {"kind", "List"}, {"items", std::move(items)}};
}

void PrintJson(std::ostream& out, const nlohmann::ordered_json& value) {
  // What is not UTF-8 is shown, with a replacement, rather than refused.
  out << value.dump(4, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
}

void PrintYaml(std::ostream& out, const nlohmann::ordered_json& value) {
  YAML::Emitter emitter;
  Emit(emitter, value);
  out << emitter.c_str() << '\n';
}

}  // namespace evenkeel::cli
