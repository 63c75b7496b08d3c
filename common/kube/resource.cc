#include "common/kube/resource.h"

#include "absl/strings/str_cat.h"
#include "common/kube/query.h"

namespace evenkeel::kube {
std::string Resource::ApiVersion() const {
  return group.empty() ? version : absl::StrCat(group, "/", version);
}

std::string ObjectName::ToString() const {
  return name_space.empty() ? name : absl::StrCat(name_space, "/", name);
}

std::string ApiPath(absl::string_view group, absl::string_view version) {
  return group.empty() ? absl::StrCat("/api/", EscapeUrl(version))
                       : absl::StrCat("/apis/", EscapeUrl(group), "/", EscapeUrl(version));
}

std::string ResourcePath(const Resource& resource, const ObjectName& name, absl::string_view subresource) {
  std::string path = ApiPath(resource.group, resource.version);
  if (resource.namespaced && !name.name_space.empty()) {
    absl::StrAppend(&path, "/namespaces/", EscapeUrl(name.name_space));
  }
  absl::StrAppend(&path, "/", EscapeUrl(resource.plural));
  if (!name.name.empty()) absl::StrAppend(&path, "/", EscapeUrl(name.name));
  if (!subresource.empty()) absl::StrAppend(&path, "/", EscapeUrl(subresource));
  return path;
}

#define EVENKEEL_RESOURCE(function, group, version, plural, namespaced)                   \
  const Resource& function() {                                                            \
    static const auto* const resource = new Resource{group, version, plural, namespaced}; \
    return *resource;                                                                     \
  }

EVENKEEL_RESOURCE(Nodes, "", "v1", "nodes", false)
EVENKEEL_RESOURCE(Pods, "", "v1", "pods", true)
EVENKEEL_RESOURCE(Namespaces, "", "v1", "namespaces", false)
EVENKEEL_RESOURCE(Leases, "coordination.k8s.io", "v1", "leases", true)
EVENKEEL_RESOURCE(Events, "", "v1", "events", true)
EVENKEEL_RESOURCE(PersistentVolumeClaims, "", "v1", "persistentvolumeclaims", true)
EVENKEEL_RESOURCE(PersistentVolumes, "", "v1", "persistentvolumes", false)
EVENKEEL_RESOURCE(ReplicaSets, "apps", "v1", "replicasets", true)
EVENKEEL_RESOURCE(Deployments, "apps", "v1", "deployments", true)
EVENKEEL_RESOURCE(StatefulSets, "apps", "v1", "statefulsets", true)
EVENKEEL_RESOURCE(ConfigMaps, "", "v1", "configmaps", true)
EVENKEEL_RESOURCE(ServiceAccounts, "", "v1", "serviceaccounts", true)
EVENKEEL_RESOURCE(HorizontalPodAutoscalers, "autoscaling", "v1", "horizontalpodautoscalers", true)

#undef EVENKEEL_RESOURCE

}  // namespace evenkeel::kube
