// Pulls what the pods of virtual nodes use. No agent runs there, so the virtual kubelet is asked, through the
// API server's way to it: GET nodes/NODE/proxy/stats/summary, or .../metrics/resource where it does not serve
// that one, or fails in it (a virtual kubelet may fail in the whole for one of its pods). What worked last is
// asked first.
//
// Each node is asked once a second, one question at a time, all of a cluster kMostAtOnce at a time; after a
// failure in growing pauses with jitter. What it measures is its own matter: most do so every 10 to 15 s. A
// node that does not answer makes no figures, so its pods are held and then missing (usage_window.h): said,
// and nothing is frozen by it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/kube/kubernetes_api.h"
#include "common/time/backoff.h"
#include "common/time/clock.h"
#include "coordinator/core/ids.h"
#include "coordinator/usage/pulled_usage.h"

namespace evenkeel::coordinator {

// Takes what a node's pods have used; `received` by the coordinator's clock. Short.
using TakePulled =
    std::function<void(const NodeKey& node, const std::vector<PulledUsage>& pods, absl::Time received)>;

// One cluster's.
class VirtualReader {
 public:
  static constexpr int kMostAtOnce = 8;

  struct Options {
    std::string cluster;
    absl::Duration every = absl::Seconds(1);
    absl::Duration deadline =
        absl::Seconds(10);  // of one question; a virtual kubelet asks its provider first
    time::BackoffPolicy backoff = {.initial = absl::Seconds(1), .maximum = absl::Seconds(30)};
  };

  // All outlive it. `take` is called on the API's thread, one node after the other.
  VirtualReader(Options options, kube::KubernetesApi& api, const time::Clock& clock, TakePulled take);
  // Nothing is asked or taken after it. Not from within `take`.
  ~VirtualReader();

  VirtualReader(const VirtualReader&) = delete;
  VirtualReader& operator=(const VirtualReader&) = delete;

  // Whose use is wanted of that node from now on; empty: nobody's. Any thread, but not from within `take`.
  void Read(const std::string& node, const std::vector<PulledPod>& pods);

 private:
  class Core;
  const std::shared_ptr<Core> core_;
};

}  // namespace evenkeel::coordinator
