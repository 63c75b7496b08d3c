#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"

namespace evenkeel::kube {

// Which resource a kind is, asked of the API server and remembered. Kubernetes' own workloads (Deployments,
// StatefulSets, ReplicaSets of apps/v1, ReplicationControllers of v1) are known without asking. Any thread.
class Discovery {
 public:
  // `api` must outlive it.
  explicit Discovery(KubernetesApi& api);
  ~Discovery();

  // NOT_FOUND: the server does not serve that group and version, or no such kind in it (a custom resource may
  // be installed later: that is remembered for a minute only); FAILED_PRECONDITION: it has no scale
  // subresource (the same), or belongs to no namespace; else what the call itself ended with. `done` comes
  // once, on the API's thread, and never from within the call; not at all when the API is destroyed before.
  // Those who ask for the same kind at the same time share one call, and the deadline of the first.
  void FindScalable(const std::string& group, const std::string& version, const std::string& kind,
                    absl::Duration deadline, Done<Resource> done);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

// What an APIResourceList says of a kind: as FindScalable. Pure.
absl::StatusOr<Resource> ScalableIn(const Json& resources, const std::string& group,
                                    const std::string& version, const std::string& kind);

}  // namespace evenkeel::kube
