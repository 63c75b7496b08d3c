#include "coordinator/core/burst/damping.h"

#include <algorithm>

namespace evenkeel::coordinator {
namespace {

constexpr uint32_t kMostBurstRelapses = 16;

}  // namespace

void NoteDrainedBack(DrainBackDamping& damping, absl::Time now) {
  damping.drained_back = now;
}

void NoteBurst(DrainBackDamping& damping, absl::Time now) {
  if (damping.drained_back == absl::InfinitePast()) return;
  const absl::Duration stayed = std::max(now - damping.drained_back, absl::ZeroDuration());
  damping.drained_back = absl::InfinitePast();
  if (stayed < kBurstRelapse) {
    damping.relapses = std::min(damping.relapses + 1, kMostBurstRelapses);
    return;
  }
  const int64_t quiet = std::min<int64_t>(stayed / kBurstRelapse, kMostBurstRelapses);
  damping.relapses -= std::min(damping.relapses, static_cast<uint32_t>(quiet));
}

void BoundDamping(DrainBackDamping& damping, absl::Time now) {
  damping.drained_back = std::min(damping.drained_back, now);
}

absl::Duration RoomAfter(const DrainBackPolicy& policy, const DrainBackDamping& damping) {
  absl::Duration after = policy.room_after;
  for (uint32_t i = 0; i < damping.relapses && after < policy.max_room_after; ++i) after *= 2;
  return std::max(std::min(after, policy.max_room_after), policy.room_after);
}

}  // namespace evenkeel::coordinator
