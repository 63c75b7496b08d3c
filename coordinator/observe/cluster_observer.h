// One cluster's nodes, pods, claims and autoscalers, and the workloads that the core asked for, watched, as
// events for the core and as pictures for the fleet's observer; and the applications that are switched.
//
// After the core's ClusterAdded come the objects, and when all lists are complete ApiChanged(reachable). When
// a watch is not connected or stale, or the API server does not answer a small question that it is asked now
// and then, for longer than `unreachable_after`, ApiChanged(not reachable) says why (L8). Autoscalers and
// workloads are no part of that: a coordinator without the rights for them judges nodes as ever, and scales
// nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/effects.h"
#include "coordinator/observe/application_picture.h"
#include "coordinator/observe/fleet_observer.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class ClusterObserver {
 public:
  struct Options {
    std::string cluster;
    // Where others reach its API, as ClusterAdded tells the core; empty: not known.
    std::string api_address = {};
    uint16_t api_port = 0;
    // A watch that breaks is back within a moment when only its connection ended: that is no news.
    absl::Duration unreachable_after = absl::Seconds(3);
    absl::Duration pulse_interval = absl::Seconds(3);
    absl::Duration pulse_deadline = absl::Seconds(2);
    PodCpu pod_cpu;  // what switched applications use; null: nobody knows
  };

  // Threading: events and pictures come from the API's thread. That thread waits while the sink's queue is
  // full, so that a cluster that changes faster than the core can follow is read more slowly. All must
  // outlive the observer.
  ClusterObserver(Options options, kube::KubernetesApi& api, EventSink& sink, FleetObserver& fleet);
  // Nothing comes any more after it. Not from the API's thread; and the sink must not be stuck: let the
  // runtime run, or stop it first.
  ~ClusterObserver();

  // From any thread; never wait (workload_watch.h, application_watch.h).
  void Do(const WatchWorkload& request);
  void Do(const UnwatchWorkload& request);
  void Do(const WatchApplication& request);
  void Do(const UnwatchApplication& request);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
