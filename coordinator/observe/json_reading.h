// Reading what Kubernetes wrote, where any field may be missing or of another type. Nothing here throws.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::coordinator {

using JsonPath = std::initializer_list<absl::string_view>;

// The array at `path`; an empty one when there is none.
const kube::Json& Array(const kube::Json& object, JsonPath path);
bool IsTrue(const kube::Json& object, JsonPath path);
// The whole number at `path`; nothing when there is none.
std::optional<int64_t> NumberAt(const kube::Json& object, JsonPath path);
// The same, with 0 for none.
int64_t Number(const kube::Json& object, JsonPath path);
// A time as Kubernetes writes it.
std::optional<absl::Time> TimeAt(const kube::Json& object, JsonPath path);

// The entry of status.conditions of that type; null when there is none.
const kube::Json* Condition(const kube::Json& object, absl::string_view type);
bool ConditionIsTrue(const kube::Json& object, absl::string_view type);
std::map<std::string, std::string> Labels(const kube::Json& object);

}  // namespace evenkeel::coordinator
