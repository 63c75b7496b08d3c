#include "coordinator/core/scale/pod_groups.h"

namespace evenkeel::coordinator {
namespace {

// Its CPU cannot be told from that of its start.
bool IsMasked(const PodLoad& pod, const StartUp& start_up, absl::Time now) {
  if (!pod.ready_changed || !pod.started) return true;
  if (*pod.started + start_up.initialization > now) {
    return !pod.ready || pod.sample->taken < *pod.ready_changed + pod.sample->window;
  }
  return !pod.ready && *pod.started + start_up.readiness_delay > *pod.ready_changed;
}

}  // namespace

PodGroup GroupOf(const PodLoad& pod, const StartUp& start_up, absl::Time now) {
  if (pod.deleting || pod.phase == PodPhase::kFailed || pod.phase == PodPhase::kSucceeded) {
    return PodGroup::kLeft;
  }
  if (pod.phase == PodPhase::kPending) return PodGroup::kUnready;
  if (!pod.sample) return PodGroup::kMissing;
  return IsMasked(pod, start_up, now) ? PodGroup::kUnready : PodGroup::kCounted;
}

bool IsTooYoungForSamples(const PodLoad& pod, const StartUp& start_up, absl::Time now) {
  return !pod.ready || !pod.ready_changed || *pod.ready_changed + start_up.first_sample > now;
}

bool IsDown(const PodLoad& pod) {
  return pod.phase == PodPhase::kRunning && (pod.down || pod.failing);
}

bool IsBroken(const PodLoad& pod, const StartUp& start_up, absl::Time now) {
  if (pod.failing || IsDown(pod)) return true;
  return !pod.ready && pod.started && *pod.started + start_up.initialization <= now;
}

}  // namespace evenkeel::coordinator
