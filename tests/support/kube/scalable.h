#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/kube/kubernetes_api.h"
#include "tests/support/kube/object_store.h"

// The scale subresources and the discovery of a fake API server.
namespace evenkeel::testing {

const kube::Resource& CustomResourceDefinitions();

// Where an object keeps what its Scale shows; "spec.replicas".
struct ScalePaths {
  std::string spec_replicas;
  std::string status_replicas;
  std::string selector;  // to text, or, of Kubernetes' own kinds, to a selector of labels
};

// Nothing: it has no scale subresource.
std::optional<ScalePaths> ScalePathsOf(const kube::Resource& resource, const ObjectStore& store);
kube::Json ScaleOf(const kube::Json& object, const ScalePaths& paths);
// What a merge patch of the Scale changes in the object itself, with the patch's preconditions.
absl::StatusOr<kube::Json> ObjectPatchFor(const kube::Json& patch, kube::Json scale, const ScalePaths& paths);

// An APIResourceList; NOT_FOUND when nothing of that version is served.
absl::StatusOr<kube::Json> ResourcesOf(const std::string& group, const std::string& version,
                                       const ObjectStore& store);

}  // namespace evenkeel::testing
