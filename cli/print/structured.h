#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <vector>

#include "google/protobuf/message.h"

// Output for programs: JSON and YAML.
namespace evenkeel::cli {

// A resource in protobuf's JSON: lowerCamelCase, what is not set left out. A policy has the shape of a
// manifest instead, which `apply` takes back. A message that has no JSON (a time out of range) is shown as
// {"error": ...}.
nlohmann::ordered_json ToObject(const google::protobuf::Message& resource);

// Several as kubectl has them: {"apiVersion": ..., "kind": "List", "items": [...]}.
nlohmann::ordered_json ToList(std::vector<nlohmann::ordered_json> items);

// Indented by four, with a line feed at the end.
void PrintJson(std::ostream& out, const nlohmann::ordered_json& value);

// One YAML document. Text that a reader could take for something else than text is quoted.
void PrintYaml(std::ostream& out, const nlohmann::ordered_json& value);

}  // namespace evenkeel::cli
