// Watches what the switched applications of a cluster are made of: in each namespace in use its pods,
// Services, ConfigMaps and Secrets, each by a list and a watch, and tells the core of an application when
// anything of it has changed (ApplicationObserved), or that it is not there or cannot be read, with the cause
// and what would help (ApplicationGone). What Secrets hold is hashed as it comes (settings_hash.h) and kept
// nowhere.
//
// Nothing is told before all of a namespace is listed. A refusal is told at once; while there is only no
// answer, what was seen still counts: that the API is away is told elsewhere (L8).
//
// Costs: changes of one namespace within `settle` are looked at together, O(its pods) for each of its
// applications. Its pods' use is looked at each `cpu_period`, and told when it has changed by a tenth.
//
// A coordinator that may not read these objects is as good as ever at everything but switching: so these
// watches are no part of the API's health.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "coordinator/core/switch/switch_events.h"
#include "coordinator/observe/application_picture.h"
#include "coordinator/runtime/runtime.h"

namespace evenkeel::coordinator {

class ApplicationWatch {
 public:
  // Each has four watches open; the connection to the API server is shared with all else. Applications of
  // more are gone, and the reason says so.
  static constexpr size_t kMostNamespaces = 6;

  struct Options {
    std::string cluster;
    PodCpu cpu;  // null: nothing is known
    absl::Duration settle = absl::Milliseconds(50);
    absl::Duration cpu_period = absl::Seconds(1);
  };

  // Events come from the API's thread. All must outlive it.
  ApplicationWatch(Options options, kube::KubernetesApi& api, EventSink& sink);
  // Nothing comes any more after it. Not from the API's thread, which it waits for.
  ~ApplicationWatch();

  // From any thread; never wait. One that is watched already is told once more.
  void Do(const WatchApplication& request);
  void Do(const UnwatchApplication& request);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
