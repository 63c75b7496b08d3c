#pragma once

#include <compare>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace evenkeel::kube {

// One kind of object as the API server's paths name it. `group` is empty for the core group.
struct Resource {
  std::string group;
  std::string version;
  std::string plural;
  bool namespaced = true;

  // "v1" or "apps/v1", as in an object's apiVersion.
  std::string ApiVersion() const;

  friend bool operator==(const Resource&, const Resource&) = default;
};

// The kinds Evenkeel uses. Each of these versions is served by every Kubernetes from 1.20 on.
const Resource& Nodes();
const Resource& Pods();
const Resource& Namespaces();
const Resource& Leases();
const Resource& Events();
const Resource& PersistentVolumeClaims();
const Resource& PersistentVolumes();
const Resource& ReplicaSets();
const Resource& Deployments();
const Resource& StatefulSets();
const Resource& ConfigMaps();
const Resource& ServiceAccounts();
const Resource& HorizontalPodAutoscalers();  // autoscaling/v1

// Which object. `name_space` is empty for cluster-wide kinds, and in lists for all namespaces.
struct ObjectName {
  std::string name_space;
  std::string name;

  // "namespace/name", or "name" alone.
  std::string ToString() const;

  friend bool operator==(const ObjectName&, const ObjectName&) = default;
  friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
  template <typename H>
  friend H AbslHashValue(H state, const ObjectName& object) {
    return H::combine(std::move(state), object.name_space, object.name);
  }
};

// The path of an API: "/api/v1", "/apis/apps/v1".
std::string ApiPath(absl::string_view group, absl::string_view version);

// The path of a collection (`name.name` empty), an object or, with `subresource`, a part of it, each piece
// escaped:
// "/api/v1/namespaces/shop/pods/web-0/eviction".
std::string ResourcePath(const Resource& resource, const ObjectName& name,
                         absl::string_view subresource = "");

}  // namespace evenkeel::kube
