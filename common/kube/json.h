#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/kube/resource.h"

// Reading objects of the API server, which may lack any field. Nothing here throws.
namespace evenkeel::kube {

// The value at a path of keys, such as {"metadata", "name"}; nullptr when there is none.
const nlohmann::json* Find(const nlohmann::json& object, std::initializer_list<absl::string_view> path);

// The text at a path; empty when there is none.
std::string Text(const nlohmann::json& object, std::initializer_list<absl::string_view> path);

ObjectName NameOf(const nlohmann::json& object);
std::string UidOf(const nlohmann::json& object);
std::string ResourceVersionOf(const nlohmann::json& object);

// The server's bookkeeping of who set which field: large, and of no use here.
void DropManagedFields(nlohmann::json& object);

// A JSON object, or a list with its items, without managed fields. INTERNAL when it is not a JSON object.
absl::StatusOr<nlohmann::json> ParseObject(absl::string_view text);

// One line; bytes that are not UTF-8 are replaced.
std::string ToText(const nlohmann::json& value);

}  // namespace evenkeel::kube
