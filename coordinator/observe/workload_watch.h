// Watches the objects behind the workloads that the core asked for: one list and watch for each kind
// (Deployments, StatefulSets, custom resources) and namespace in use, since a scale subresource itself cannot
// be watched. When an object changes in what concerns its scale (of Kubernetes' own kinds; of others: at
// all), its /scale is read: spec, status and selector come from there, for every kind alike. The plural of a
// kind comes from discovery.
//
// Nothing is read before the cluster's autoscalers were listed, so that none is overlooked.
//
// Reads: at most one under way a workload, with a deadline of 2 s; after a failure again in 1, 2, 4 ... 30 s
// with jitter. What cannot be read is told as WorkloadGone with the cause and what would help (a role): a
// refusal at once, and no answer when it is the third time, or nothing was seen yet.
#pragma once

#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/backoff.h"
#include "coordinator/core/effects.h"
#include "coordinator/observe/workload_picture.h"

namespace evenkeel::coordinator {

class WorkloadWatch {
 public:
  struct Options {
    absl::Duration deadline = absl::Seconds(2);
    time::BackoffPolicy backoff = {.initial = absl::Seconds(1), .maximum = absl::Seconds(30)};
  };

  // Both must outlive it.
  WorkloadWatch(Options options, kube::KubernetesApi& api, WorkloadPicture& picture);
  // Nothing comes any more after it. Not from the API's thread, which it waits for.
  ~WorkloadWatch();

  // From any thread; never wait. What they ask is done on the API's thread. One that is watched already is
  // read, and then told with all its pods: what is told so was true after the request came.
  void Do(const WatchWorkload& request);
  void Do(const UnwatchWorkload& request);

  // On the API's thread: the cluster's autoscalers are known from now on, or cannot be, for a cause that
  // somebody must do something about. Then every workload is gone.
  void OnAutoscalersListed();
  void OnAutoscalersUnknown(const std::string& why);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
