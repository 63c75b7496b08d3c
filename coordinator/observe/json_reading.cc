#include "coordinator/observe/json_reading.h"

#include <limits>

#include "common/kube/json.h"

namespace evenkeel::coordinator {

using kube::Json;

const Json& Array(const Json& object, JsonPath path) {
  static const auto* const empty = new Json(Json::array());
  const Json* found = kube::Find(object, path);
  return found != nullptr && found->is_array() ? *found : *empty;
}

bool IsTrue(const Json& object, JsonPath path) {
  const Json* found = kube::Find(object, path);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

std::optional<int64_t> NumberAt(const Json& object, JsonPath path) {
  const Json* found = kube::Find(object, path);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() && found->get<uint64_t>() > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  return found->get<int64_t>();
}

int64_t Number(const Json& object, JsonPath path) {
  return NumberAt(object, path).value_or(0);
}

std::optional<absl::Time> TimeAt(const Json& object, JsonPath path) {
  absl::Time time;
  std::string ignored;
  if (!absl::ParseTime(absl::RFC3339_full, kube::Text(object, path), &time, &ignored)) return std::nullopt;
  if (time == absl::InfiniteFuture() || time == absl::InfinitePast()) return std::nullopt;
  return time;
}

const Json* Condition(const Json& object, absl::string_view type) {
  for (const Json& condition : Array(object, {"status", "conditions"})) {
    if (kube::Text(condition, {"type"}) == type) return &condition;
  }
  return nullptr;
}

bool ConditionIsTrue(const Json& object, absl::string_view type) {
  const Json* condition = Condition(object, type);
  return condition != nullptr && kube::Text(*condition, {"status"}) == "True";
}

std::map<std::string, std::string> Labels(const Json& object) {
  std::map<std::string, std::string> labels;
  if (const Json* found = kube::Find(object, {"metadata", "labels"});
      found != nullptr && found->is_object()) {
    for (const auto& [key, value] : found->items()) {
      if (value.is_string()) labels[key] = value.get<std::string>();
    }
  }
  return labels;
}

}  // namespace evenkeel::coordinator
