// What the pods of one virtual node use: figures, made of the counters that its kubelet tells. Pure: no
// clock, thread or stream.
//
// The node's clock is compared with itself only: a figure is the difference of two counters by that of their
// two times. Ours says when a figure was told, and whether that clock was set meanwhile. What cannot be right
// makes no figure, and the next two readings do: a pod without figures is held, and then missing
// (usage_window.h), which is seen; one with a false figure would move replicas.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "coordinator/usage/cpu_counters.h"

namespace evenkeel::coordinator {

// A pod whose use is to be pulled.
struct PulledPod {
  std::string uid;
  std::string name_space;
  std::string name;
  bool operator==(const PulledPod&) const = default;
};

// What a pod has used: the mean of the `window` before it was told.
struct PulledUsage {
  std::string pod_uid;
  int64_t millicores = 0;  // 0 or more
  absl::Duration window;   // positive, at most kLongestReading
  bool operator==(const PulledUsage&) const = default;
};

class PulledUsages {
 public:
  // Two readings are at least so many grains of their times apart: then what a time told in whole seconds
  // hides is a fifth of the figure at most, and mostly far less, since kubelets measure every 10 to 15 s.
  static constexpr int kLeastGrains = 5;
  // A figure over more than this says nothing of the load as it is.
  static constexpr absl::Duration kLongestReading = absl::Minutes(2);
  // The node's clock and ours may be apart by so much more between two readings; else one of them was set. A
  // virtual kubelet may tell readings that are a minute old.
  static constexpr absl::Duration kMostDrift = absl::Seconds(90);
  // A container that answers leave out for so long has ended, as init containers do: longer than one that
  // runs is left out when it could not be measured once.
  static constexpr absl::Duration kGone = absl::Seconds(20);
  // Where answers tell older times for so long, the node's clock was set back.
  static constexpr absl::Duration kSetBack = absl::Seconds(45);

  // Whom Take is asked about from now on, in place of those before. What is known of one that stays is kept.
  void Watch(const std::vector<PulledPod>& pods);

  // One answer of the node, received at `received` (our clock, no earlier than the last). Pods are known by
  // uid, and by name where the source tells no uids. The figures of those whose every container has a new
  // reading; in the order of uids. One pod does not spoil another: one that is not whole, has begun anew (a
  // counter that is lower than before, or of a later start) or has not changed makes no figure.
  std::vector<PulledUsage> Take(const std::vector<PodCounters>& answer, absl::Time received);

 private:
  struct Reading {
    CpuCounter counter;
    absl::Time received;  // when it was first told
    // The first answer since then that left the container out, or told an older time of it.
    absl::Time doubted = absl::InfiniteFuture();
  };
  struct Pod {
    PulledPod pod;
    std::map<std::string, Reading> readings;  // by container: where its next figure begins
  };

  static void TakePod(Pod& pod, const PodCounters& told, absl::Time received,
                      std::vector<PulledUsage>& figures);

  std::map<std::string, Pod> pods_;  // by uid
};

}  // namespace evenkeel::coordinator
