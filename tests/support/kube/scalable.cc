#include "tests/support/kube/scalable.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/kube/json.h"
#include "common/kube/status.h"

namespace evenkeel::testing {
namespace {

using kube::Json;

struct OwnKind {
  kube::Resource resource;
  const char* kind;
  bool scalable;
};

const std::vector<OwnKind>& OwnKinds() {
  static const auto* const kinds = new std::vector<OwnKind>{
      {kube::Deployments(), "Deployment", true}, {kube::StatefulSets(), "StatefulSet", true},
      {kube::ReplicaSets(), "ReplicaSet", true}, {kube::Pods(), "Pod", false},
      {kube::ConfigMaps(), "ConfigMap", false},  {kube::Nodes(), "Node", false}};
  return *kinds;
}

const Json* At(const Json& object, absl::string_view path) {
  const Json* value = &object;
  for (const absl::string_view key : absl::StrSplit(path, '.', absl::SkipEmpty())) {
    value = value == nullptr ? nullptr : kube::Find(*value, {key});
  }
  return value;
}

// {"spec": {"replicas": value}} for "spec.replicas".
Json Nested(absl::string_view path, Json value) {
  std::vector<std::string> keys = absl::StrSplit(path, '.', absl::SkipEmpty());
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) value = Json{{*key, std::move(value)}};
  return value;
}

// As the API server writes a selector of labels, but for its order.
std::string SelectorText(const Json& selector) {
  if (selector.is_string()) return selector.get<std::string>();
  std::vector<std::string> terms;
  if (const Json* labels = kube::Find(selector, {"matchLabels"}); labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      terms.push_back(absl::StrCat(key, "=", value.get<std::string>()));
    }
  }
  if (const Json* all = kube::Find(selector, {"matchExpressions"}); all != nullptr && all->is_array()) {
    for (const Json& expression : *all) {
      const std::string key = kube::Text(expression, {"key"});
      const std::string op = kube::Text(expression, {"operator"});
      std::vector<std::string> values;
      for (const Json& value : expression.value("values", Json::array())) values.push_back(value);
      const std::string list = absl::StrCat(" (", absl::StrJoin(values, ","), ")");
      if (op == "In") terms.push_back(absl::StrCat(key, " in", list));
      if (op == "NotIn") terms.push_back(absl::StrCat(key, " notin", list));
      if (op == "Exists") terms.push_back(key);
      if (op == "DoesNotExist") terms.push_back(absl::StrCat("!", key));
    }
  }
  return absl::StrJoin(terms, ",");
}

std::string PathIn(const Json& scale, const char* key) {
  const std::string path = kube::Text(scale, {key});
  return std::string(absl::StripPrefix(path, "."));
}

}  // namespace

const kube::Resource& CustomResourceDefinitions() {
  static const auto* const resource =
      new kube::Resource{"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
  return *resource;
}

std::optional<ScalePaths> ScalePathsOf(const kube::Resource& resource, const ObjectStore& store) {
  for (const OwnKind& own : OwnKinds()) {
    if (own.resource != resource) continue;
    if (!own.scalable) return std::nullopt;
    return ScalePaths{"spec.replicas", "status.replicas", "spec.selector"};
  }
  for (const Json& definition : store.List(CustomResourceDefinitions(), "")) {
    if (kube::Text(definition, {"spec", "group"}) != resource.group ||
        kube::Text(definition, {"spec", "names", "plural"}) != resource.plural) {
      continue;
    }
    for (const Json& version : definition["spec"]["versions"]) {
      const Json* const scale = kube::Find(version, {"subresources", "scale"});
      if (kube::Text(version, {"name"}) != resource.version || scale == nullptr) continue;
      return ScalePaths{PathIn(*scale, "specReplicasPath"), PathIn(*scale, "statusReplicasPath"),
                        PathIn(*scale, "labelSelectorPath")};
    }
  }
  return std::nullopt;
}

Json ScaleOf(const Json& object, const ScalePaths& paths) {
  const auto number = [&object](const std::string& path) {
    const Json* const found = At(object, path);
    return found != nullptr && found->is_number_integer() ? found->get<std::int64_t>() : 0;
  };
  Json scale = {{"apiVersion", "autoscaling/v1"},
                {"kind", "Scale"},
                {"metadata", Json::object()},
                {"spec", Json::object()},
                {"status", {{"replicas", number(paths.status_replicas)}}}};
  for (const char* key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"}) {
    scale["metadata"][key] = object["metadata"].value(key, "");
  }
  // The API server leaves 0 out.
  if (const std::int64_t replicas = number(paths.spec_replicas); replicas != 0) {
    scale["spec"]["replicas"] = replicas;
  }
  if (const Json* const selector = At(object, paths.selector)) {
    scale["status"]["selector"] = SelectorText(*selector);
  }
  return scale;
}

absl::StatusOr<Json> ObjectPatchFor(const Json& patch, Json scale, const ScalePaths& paths) {
  scale.merge_patch(patch);
  const Json* const replicas = kube::Find(scale, {"spec", "replicas"});
  const std::int64_t wanted =
      replicas != nullptr && replicas->is_number_integer() ? replicas->get<std::int64_t>() : 0;
  if (wanted < 0) {
    return kube::StatusFromObject(
        422, "Invalid", "spec.replicas: Invalid value: must be greater than or equal to 0", std::nullopt);
  }
  Json change = Nested(paths.spec_replicas, wanted);
  for (const char* key : {"resourceVersion", "uid"}) {
    if (const std::string value = kube::Text(patch, {"metadata", key}); !value.empty()) {
      change["metadata"][key] = value;
    }
  }
  return change;
}

absl::StatusOr<Json> ResourcesOf(const std::string& group, const std::string& version,
                                 const ObjectStore& store) {
  Json resources = Json::array();
  const auto add = [&resources](const std::string& plural, const std::string& kind, bool namespaced,
                                bool scalable) {
    resources.push_back({{"name", plural}, {"kind", kind}, {"namespaced", namespaced}});
    if (!scalable) return;
    resources.push_back({{"name", absl::StrCat(plural, "/scale")},
                         {"group", "autoscaling"},
                         {"version", "v1"},
                         {"kind", "Scale"},
                         {"namespaced", namespaced}});
  };
  for (const OwnKind& own : OwnKinds()) {
    if (own.resource.group != group || own.resource.version != version) continue;
    add(own.resource.plural, own.kind, own.resource.namespaced, own.scalable);
  }
  for (const Json& definition : store.List(CustomResourceDefinitions(), "")) {
    if (kube::Text(definition, {"spec", "group"}) != group) continue;
    for (const Json& served : definition["spec"]["versions"]) {
      if (kube::Text(served, {"name"}) != version) continue;
      add(kube::Text(definition, {"spec", "names", "plural"}),
          kube::Text(definition, {"spec", "names", "kind"}),
          kube::Text(definition, {"spec", "scope"}) == "Namespaced",
          kube::Find(served, {"subresources", "scale"}) != nullptr);
    }
  }
  if (resources.empty()) {
    return kube::StatusFromObject(404, "NotFound", "the server could not find the requested resource",
                                  std::nullopt);
  }
  return Json{{"kind", "APIResourceList"},
              {"groupVersion", group.empty() ? version : absl::StrCat(group, "/", version)},
              {"resources", std::move(resources)}};
}

}  // namespace evenkeel::testing
