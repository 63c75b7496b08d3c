// Which pods' CPU counts. Start-up masking: a pod that has just started burns CPU on starting, and its figure
// says nothing of the load.
//
// Source: the HPA controller's groupPods (kubernetes, pkg/controller/podautoscaler/replica_calculator.go) and
// "Algorithm details" of kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale; the defaults are
// those of --horizontal-pod-autoscaler-cpu-initialization-period and -initial-readiness-delay.
#pragma once

#include "absl/time/time.h"
#include "coordinator/core/scale/pod_load.h"

namespace evenkeel::coordinator {

struct StartUp {
  // For so long after its start a pod counts only while it is Ready and its sample's window began no sooner
  // than it became so.
  absl::Duration initialization = absl::Minutes(5);
  // Afterwards a pod that is not Ready counts, unless its Ready condition has not changed since this time
  // after its start: then it has never been Ready.
  absl::Duration readiness_delay = absl::Seconds(30);
  // A pod that is Ready for less than this and has no sample has none yet (only by DemandRules::kEvenkeel). A
  // virtual kubelet may take most of a minute.
  absl::Duration first_sample = absl::Minutes(1);
  bool operator==(const StartUp&) const = default;
};

enum class PodGroup {
  kCounted,  // its sample counts
  kUnready,  // it is there, or will be, but its CPU says nothing yet
  kMissing,  // it runs and should have a sample, and has none
  kLeft,     // it is going, has failed or has ended: not part of the workload any more
};

PodGroup GroupOf(const PodLoad& pod, const StartUp& start_up, absl::Time now);

// A kMissing pod that has no sample *yet*: it is starting, and not unseen.
bool IsTooYoungForSamples(const PodLoad& pod, const StartUp& start_up, absl::Time now);

// It should carry load and carries none, whatever `ready` and its samples say yet: it runs, and is down or
// failing.
bool IsDown(const PodLoad& pod);

// An unready pod from which nothing is to be expected: it is failing or down, or it has not become Ready
// within `initialization` of its start.
bool IsBroken(const PodLoad& pod, const StartUp& start_up, absl::Time now);

}  // namespace evenkeel::coordinator
