#include "coordinator/core/burst/drain_back.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "coordinator/core/sentences.h"

namespace evenkeel::coordinator {
namespace {

std::string SayPods(int64_t pods) {
  return Count(static_cast<size_t>(std::max<int64_t>(pods, 0)), "pod");
}

}  // namespace

DrainBackBeginning BeginDrainBack(const DrainBackPolicy& policy, const DrainBackSight& sight) {
  if (sight.on_virtual == 0) return {};
  const auto not_now = [](std::string why) { return DrainBackBeginning{0, std::move(why)}; };
  if (!policy.enabled) return not_now("the policy brings no pods home");
  // What the surge adds would be what the return takes, and what is evicted would come again only then.
  if (sight.keeps_names)
    return not_now("pods of a StatefulSet have no substitute: they come again themselves");
  if (sight.valve_open) return not_now("virtual nodes are open still: room is short");
  if (sight.presses) return not_now("a pod of it finds no room on real nodes");
  if (sight.panic) return not_now("there is a panic");
  if (sight.wants_more) return not_now("the load asks for more pods");
  if (sight.ready < sight.wanted) {
    return not_now(absl::StrCat(sight.ready, " of its ", SayPods(sight.wanted), " are Ready"));
  }
  if (sight.ready > sight.wanted) return not_now("pods of it are going still");
  if (sight.room == 0) return not_now("real nodes have no room for a pod of it");
  if (sight.now < sight.not_before) {
    return not_now(absl::StrCat("the next ones come home ", Say(sight.not_before - sight.now), " later"));
  }
  return {.surge = std::min({policy.surge, sight.on_virtual, sight.room}), .why_not = {}};
}

DrainBackNext NextOfDrainBack(const DrainBackProgress& progress) {
  if (progress.wants_more) {
    return {DrainBackStep::kKeepSurge, 0,
            absl::StrCat("the load asks for more than ", SayPods(progress.wanted), " meanwhile")};
  }
  const int64_t needed = std::min(progress.surge, progress.on_virtual);
  // L9: what stays must be as many as are wanted; and only a pod that came up on a real node is a reason to
  // let one on a virtual node go.
  const int64_t spare = std::max<int64_t>(
      std::min(progress.ready - progress.wanted, progress.ready_on_real - progress.ready_on_real_before), 0);
  const int64_t victims = std::min(spare, needed);
  if (victims == needed) {
    return {victims > 0 ? DrainBackStep::kRemove : DrainBackStep::kUndo, victims,
            victims > 0 ? absl::StrCat(SayPods(victims), " more are Ready on real nodes")
                        : "no pod of it is on a virtual node any more"};
  }
  if (progress.now < progress.deadline) {
    return {DrainBackStep::kWait, 0,
            absl::StrCat(spare, " of ", SayPods(progress.surge), " more are Ready on real nodes")};
  }
  if (victims > 0) {
    return {DrainBackStep::kRemove, victims,
            absl::StrCat("no more than ", victims, " of ", SayPods(progress.surge),
                         " came up on real nodes in time")};
  }
  return {DrainBackStep::kUndo, 0,
          absl::StrCat("none of ", SayPods(progress.surge), " came up on real nodes in time")};
}

absl::Duration PauseAfterDrainBack(uint32_t undone) {
  if (undone == 0) return kDrainBackEvery;
  absl::Duration pause = kAfterUndone;
  for (uint32_t i = 1; i < undone && pause < kLongestAfterUndone; ++i) pause *= 2;
  return std::min(pause, kLongestAfterUndone);
}

}  // namespace evenkeel::coordinator
