// Watches the objects behind the workloads that the core asked for: one list and watch for each kind
// (Deployments, StatefulSets, custom resources) and namespace in use, since a scale subresource itself cannot
// be watched. When an object's resourceVersion changes in what concerns its scale, its /scale is read: spec,
// status and selector come from there, for every kind alike. The plural of a kind comes from discovery.
//
// Reads: at most one under way a workload, with a deadline of 2 s; after a failure again in 1, 2, 4 ... 30 s
// with jitter. What cannot be read is told as WorkloadGone with the cause and what would help (a role).
#pragma once

#include <memory>
#include <string>

#include "common/kube/kubernetes_api.h"
#include "coordinator/core/effects.h"
#include "coordinator/observe/workload_picture.h"

namespace evenkeel::coordinator {

class WorkloadWatch {
 public:
  // All must outlive it.
  WorkloadWatch(std::string cluster, kube::KubernetesApi& api, WorkloadPicture& picture);
  // Nothing comes any more after it. Not from the API's thread.
  ~WorkloadWatch();

  // From any thread; never wait. What they ask is done on the API's thread.
  void Do(const WatchWorkload& request);
  void Do(const UnwatchWorkload& request);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
