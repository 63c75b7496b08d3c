#include "common/kube/json.h"

#include "absl/status/status.h"

namespace evenkeel::kube {

using Json = nlohmann::json;

const Json* Find(const Json& object, std::initializer_list<absl::string_view> path) {
  const Json* value = &object;
  for (const absl::string_view key : path) {
    if (!value->is_object()) return nullptr;
    const auto found = value->find(std::string(key));
    if (found == value->end()) return nullptr;
    value = &*found;
  }
  return value;
}

std::string Text(const Json& object, std::initializer_list<absl::string_view> path) {
  const Json* const value = Find(object, path);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

ObjectName NameOf(const Json& object) {
  return {.name_space = Text(object, {"metadata", "namespace"}), .name = Text(object, {"metadata", "name"})};
}

std::string UidOf(const Json& object) {
  return Text(object, {"metadata", "uid"});
}

std::string ResourceVersionOf(const Json& object) {
  return Text(object, {"metadata", "resourceVersion"});
}

void DropManagedFields(Json& object) {
  if (!object.is_object()) return;
  const auto metadata = object.find("metadata");
  if (metadata != object.end() && metadata->is_object()) metadata->erase("managedFields");
}

absl::StatusOr<Json> ParseObject(absl::string_view text) {
  Json object = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return absl::InternalError("the API server's answer is not a JSON object");
  DropManagedFields(object);
  if (const auto items = object.find("items"); items != object.end() && items->is_array()) {
    for (Json& item : *items) DropManagedFields(item);
  }
  return object;
}

std::string ToText(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace evenkeel::kube
