#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::testing {

// The API server that the program is linked with (tests/contract/kube/subject.h), with a namespace for a
// test.
class KubeWorld {
 public:
  KubeWorld();

  static kube::KubernetesApi& api();
  const std::string& name_space() const { return name_space_; }

  // In the namespace where it has one; tried again for as long as the kind is not served yet.
  kube::Json Make(const kube::Resource& resource, const kube::Json& object) const;
  void Patch(const kube::Resource& resource, const std::string& name, const kube::Json& merge_patch,
             const std::string& subresource = "") const;

 private:
  std::string name_space_;
};

}  // namespace evenkeel::testing
